import { reserveOf, spaceOf, type DiskSpace } from '../../store/local/free-space';
import type { Volume } from '../../store/local/volume';

export interface RestoreDisk {
  /** Returns the space on the disk of the uploads folder. */
  space(): Promise<DiskSpace>;
  /** Returns the space that is to stay free, in bytes. */
  reserve(space: DiskSpace): number;
}

/** The room on this disk for files that are fetched. */
export class Room {
  readonly #disk: RestoreDisk;

  constructor(volume: Pick<Volume, 'root'>, disk: Partial<RestoreDisk> = {}) {
    this.#disk = { space: () => spaceOf(volume.root), reserve: reserveOf, ...disk };
  }

  /** Returns the number of bytes that must be freed before `bytes` more fit; 0 when they fit. */
  async lacking(bytes: number): Promise<number> {
    const found = await this.#disk.space();
    return Math.max(0, bytes + this.#disk.reserve(found) - found.free);
  }

  async fits(bytes: number): Promise<boolean> {
    return (await this.lacking(bytes)) === 0;
  }
}

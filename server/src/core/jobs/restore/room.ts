import { reserveOf, spaceOf, type DiskSpace } from '../../store/local/free-space';
import type { Volume } from '../../store/local/volume';

export interface RestoreDisk {
  /** The room on the disk of the uploads folder. */
  space(): Promise<DiskSpace>;
  /** What is to stay free of it, in bytes. */
  reserve(space: DiskSpace): number;
}

/** The room on this disk for what is fetched. */
export class Room {
  readonly #disk: RestoreDisk;

  constructor(volume: Pick<Volume, 'root'>, disk: Partial<RestoreDisk> = {}) {
    this.#disk = { space: () => spaceOf(volume.root), reserve: reserveOf, ...disk };
  }

  /** How many bytes must be freed before so many fit; 0 where they do. */
  async lacking(bytes: number): Promise<number> {
    const found = await this.#disk.space();
    return Math.max(0, bytes + this.#disk.reserve(found) - found.free);
  }

  async fits(bytes: number): Promise<boolean> {
    return (await this.lacking(bytes)) === 0;
  }
}

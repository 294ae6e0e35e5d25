import type { Clock } from '../clock';
import type { VolumeId } from '../keys';
import type { LibraryExtent, Watch, Watches } from '../volumes/watches';

interface Look {
  readonly at: number;
  readonly extent: LibraryExtent | null;
}

/** The looks in this process's memory, for tests. */
export class MemoryWatches implements Watches {
  readonly #looks = new Map<VolumeId, Look>();
  /** The last sign of life of each volume, as the registry of volumes has it. */
  readonly seen = new Map<VolumeId, number>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  async last(volume: VolumeId): Promise<Watch | undefined> {
    const signs = [...this.seen.values()].map((at): Look => ({ at, extent: null }));
    const own = this.seen.get(volume);
    const look =
      this.#looks.get(volume) ?? (own === undefined ? undefined : { at: own, extent: null }) ?? latest([...this.#looks.values()]) ?? latest(signs);
    return look && { unwatchedMs: this.clock.now() - look.at, extent: look.extent };
  }

  async note(volume: VolumeId, agoMs: number, extent: LibraryExtent): Promise<void> {
    this.#looks.set(volume, { at: this.clock.now() - agoMs, extent });
  }
}

function latest(looks: readonly Look[]): Look | undefined {
  return [...looks].sort((a, b) => b.at - a.at)[0];
}

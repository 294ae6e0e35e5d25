import type { Tally } from '../../contracts/api';
import { abandonable } from '../abandonable';

const MIB = 1024 * 1024;
/**
 * Largest size of a held object, in bytes. A visitor who reads slowly keeps the bytes in memory for as long, wherever they go meanwhile: with
 * this size 200 such visitors keep 50 MiB.
 */
const LARGEST_BYTES = 256 * 1024;
/** The largest share of the memory that one object may take. */
const LARGEST_SHARE = 1 / 8;
/** The share of the memory that downloads may take at once, beside what is held. Any other object is streamed meanwhile. */
const LOADING_SHARE = 1 / 4;

/**
 * Holds small objects that visitors ask for again and again in memory, up to a limit. The bytes under an object's name never change, so
 * that nothing here can be old: which name is the current one, only the ledger's row says. When the limit is reached, the object goes
 * that nobody has asked for the longest.
 */
export class HotObjects {
  /** In the order of their last use. */
  readonly #held = new Map<string, Buffer>();
  readonly #underWay = new Map<string, Promise<Buffer | undefined>>();
  #bytes = 0;
  #loadingBytes = 0;

  /** @param limitMb returns the limit of the memory in megabytes (2^20 bytes); 0: nothing is held */
  constructor(private readonly limitMb: () => number) {}

  /** Number of held objects, and their size in bytes. */
  get now(): Tally {
    return { count: this.#held.size, bytes: this.#bytes };
  }

  /** Whether this object, of this size in bytes, is held, or may be downloaded and held now. */
  takes(id: string, size: number): boolean {
    if (this.#bytes > this.#limit) this.#shrink();
    if (!this.#fits(size)) return false;
    return this.#held.has(id) || this.#underWay.has(id) || this.#loadingBytes + size <= this.#limit * LOADING_SHARE;
  }

  /** Returns the bytes of an object if they are held. */
  held(id: string): Buffer | undefined {
    if (this.#bytes > this.#limit) this.#shrink();
    const bytes = this.#held.get(id);
    if (bytes === undefined) return undefined;
    this.#held.delete(id);
    this.#held.set(id, bytes);
    return bytes;
  }

  /**
   * Returns the bytes of an object that {@link takes} accepts, and holds them from now on. All who ask for the same object meanwhile share one
   * download.
   * @param load returns the proven bytes; undefined: the store has other ones, which nobody may get
   * @param signal ends the wait of this visitor, and not the download
   * @throws the error of `load`, or the reason of `signal`
   */
  async get(id: string, size: number, load: () => Promise<Buffer | undefined>, signal?: AbortSignal): Promise<Buffer | undefined> {
    const held = this.held(id);
    if (held) return held;
    let loading = this.#underWay.get(id);
    if (!loading) {
      this.#loadingBytes += size;
      loading = this.#load(id, load).finally(() => {
        this.#underWay.delete(id);
        this.#loadingBytes -= size;
      });
      this.#underWay.set(id, loading);
      // every visitor may have gone, so that nobody handles the rejection
      loading.catch(() => undefined);
    }
    return signal ? abandonable(loading, signal) : loading;
  }

  async #load(id: string, load: () => Promise<Buffer | undefined>): Promise<Buffer | undefined> {
    const loaded = await load();
    if (loaded === undefined || !this.#fits(loaded.length)) return loaded;
    // what came over a connection may be a part of a larger buffer, which would stay in memory as a whole and be counted nowhere
    const bytes = Buffer.allocUnsafeSlow(loaded.length);
    loaded.copy(bytes);
    this.#held.set(id, bytes);
    this.#bytes += bytes.length;
    this.#shrink();
    return bytes;
  }

  #fits(size: number): boolean {
    return size <= LARGEST_BYTES && size <= this.#limit * LARGEST_SHARE;
  }

  /** Lets go of the oldest objects until the limit is kept, which somebody may have lowered. */
  #shrink(): void {
    for (const [oldest, { length }] of this.#held) {
      if (this.#bytes <= this.#limit) return;
      this.#held.delete(oldest);
      this.#bytes -= length;
    }
  }

  get #limit(): number {
    return this.limitMb() * MIB;
  }
}

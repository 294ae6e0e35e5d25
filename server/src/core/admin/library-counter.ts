import { setImmediate as immediate } from 'node:timers/promises';
import type { LibraryCount } from '../../contracts/api';
import type { Clock } from '../clock';
import { isStorageError } from '../errors';
import { UNLIMITED, type Inventories } from '../ledger/inventories';
import { parseKey, type ObjectKey, type VolumeId } from '../keys';
import type { LedgerWrites } from '../ledger/writes';

/** Number of items that are looked up at once. */
const PAGE = 500;
/** Longest time that a look waits for a new count, in milliseconds. After that it answers the last known count. */
const PATIENCE_MS = 1_000;
/** The pause after a count, as a multiple of the count's own time. Counting thus costs at most a twentieth of the process. */
const REST_FACTOR = 20;
/** Shortest pause after a count, in milliseconds. */
const SHORTEST_REST_MS = 2_000;

/** The items of the media library. One item is one main file, whatever its formats. */
export interface LibraryItems {
  /** Returns the number of items that Strapi's local provider keeps. */
  count(): Promise<number>;
  /** Returns the next of these items in the order of their ids. Fewer items than `limit` mean that there are no more. */
  page(after: number, limit: number): Promise<{ id: number; name: string }[]>;
}

export interface LibraryCounterDeps {
  readonly items: LibraryItems;
  readonly ledger: Pick<LedgerWrites, 'rowsOf'>;
  readonly inventories: Pick<Inventories, 'of'>;
  readonly volume: { readonly id: VolumeId };
  readonly clock: Pick<Clock, 'elapsed' | 'sleep'>;
}

/**
 * Counts the items of the media library that the ledger does not know, so that nobody has to start a job to learn their number. Before
 * the first inventory the ledger knows only files that were written through the plugin. All others still lie where they were.
 */
export class LibraryCounter {
  #known: number | null = null;
  #restsUntil = -Infinity;
  #walk: Promise<void> | undefined;

  constructor(private readonly deps: LibraryCounterDeps) {}

  /** Returns the count; null if the database does not answer. After an inventory of the whole library it costs one COUNT. */
  async look(): Promise<LibraryCount | null> {
    const { items, inventories, volume } = this.deps;
    try {
      const count = await items.count();
      if (count === 0 || (await inventories.of(volume.id)).completedTo === UNLIMITED) return { items: count, untaken: 0 };
      return { items: count, untaken: await this.#untaken() };
    } catch {
      // the status says more than this number, so that this failure must not break it
      return null;
    }
  }

  async #untaken(): Promise<number | null> {
    const { clock } = this.deps;
    if (!this.#walk && clock.elapsed() >= this.#restsUntil) {
      this.#walk = this.#count().finally(() => (this.#walk = undefined));
      // a caller that waits hears of a failure, but perhaps nobody waits any more
      this.#walk.catch(() => undefined);
    }
    if (this.#walk) {
      const enough = new AbortController();
      await Promise.race([this.#walk, clock.sleep(PATIENCE_MS, enough.signal).catch(() => undefined)]).finally(() => enough.abort());
    }
    return this.#known;
  }

  async #count(): Promise<void> {
    const { items, ledger, clock } = this.deps;
    const began = clock.elapsed();
    try {
      let untaken = 0;
      for (let after: number | undefined = 0; after !== undefined; await immediate()) {
        const page = await items.page(after, PAGE);
        const keys = new Set(page.flatMap(({ name }) => keyOf(name)));
        const taken = await ledger.rowsOf([...keys]);
        untaken += keys.size - taken.length;
        after = page.length < PAGE ? undefined : page.at(-1)?.id;
      }
      this.#known = untaken;
    } finally {
      this.#restsUntil = clock.elapsed() + Math.max(SHORTEST_REST_MS, REST_FACTOR * (clock.elapsed() - began));
    }
  }
}

/** Returns the key of a name, or nothing for a name that cannot be a key: the plugin never moves such a file. */
function keyOf(name: string): ObjectKey[] {
  try {
    return [parseKey(name)];
  } catch (error) {
    if (isStorageError(error, 'INVALID_KEY')) return [];
    throw error;
  }
}

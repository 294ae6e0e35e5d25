import { setImmediate as immediate } from 'node:timers/promises';
import type { LibraryCount } from '../../contracts/api';
import type { Clock } from '../clock';
import { isStorageError } from '../errors';
import { UNLIMITED, type Inventories } from '../ledger/inventories';
import { parseKey, type ObjectKey, type VolumeId } from '../keys';
import type { LedgerWrites } from '../ledger/writes';

/** How many items are looked up at once. */
const PAGE = 500;
/** A look waits so long for a new count, in milliseconds; after that the last known one is answered. */
const PATIENCE_MS = 1_000;
/** A count rests this many times as long as it took, so that counting costs a twentieth of the process at most. */
const REST_FACTOR = 20;
const SHORTEST_REST_MS = 2_000;

/** What counts the items of the media library: one item is one main file, whatever its formats. */
export interface LibraryItems {
  /** How many items Strapi's local provider keeps. */
  count(): Promise<number>;
  /** The next of these items in the order of their ids. Fewer than `limit`: there are no more. */
  page(after: number, limit: number): Promise<{ id: number; name: string }[]>;
}

export interface LibraryCensusDeps {
  readonly items: LibraryItems;
  readonly ledger: Pick<LedgerWrites, 'rowsOf'>;
  readonly inventories: Pick<Inventories, 'of'>;
  readonly volume: { readonly id: VolumeId };
  readonly clock: Pick<Clock, 'elapsed' | 'sleep'>;
}

/**
 * Tells how much of the media library the plugin has never taken up, so that nobody has to start a job to learn it. Before
 * the first inventory the ledger knows only what was written through the plugin: everything else still lies where it was.
 */
export class LibraryCensus {
  #known: number | null = null;
  #restsUntil = -Infinity;
  #walk: Promise<void> | undefined;

  constructor(private readonly deps: LibraryCensusDeps) {}

  /** Null where the database does not answer. Costs one COUNT once an inventory of the whole library has ended. */
  async look(): Promise<LibraryCount | null> {
    const { items, inventories, volume } = this.deps;
    try {
      const count = await items.count();
      if (count === 0 || (await inventories.of(volume.id)).completedTo === UNLIMITED) return { items: count, untaken: 0 };
      return { items: count, untaken: await this.#untaken() };
    } catch {
      // the status has more to tell than this number
      return null;
    }
  }

  async #untaken(): Promise<number | null> {
    const { clock } = this.deps;
    if (!this.#walk && clock.elapsed() >= this.#restsUntil) {
      this.#walk = this.#count().finally(() => (this.#walk = undefined));
      // whoever waits hears of a failure; nobody may wait any more
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

/** None for a name that cannot be a key: the plugin never takes such a file up. */
function keyOf(name: string): ObjectKey[] {
  try {
    return [parseKey(name)];
  } catch (error) {
    if (isStorageError(error, 'INVALID_KEY')) return [];
    throw error;
  }
}

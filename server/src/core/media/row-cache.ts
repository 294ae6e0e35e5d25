import type { ObjectKey } from '../keys';
import type { DatedRow } from '../ledger/state';

/** Longest time for which a process serves by a ledger row that it has read before, in milliseconds (promise P2 in `docs/design.md`). */
// guard: row-remembered-briefly
export const ROW_TTL_MS = 2_000;
const MAX_ROWS = 10_000;

/**
 * Remembers the ledger rows that were read a moment ago, and also that a key has no row. After `forget`, the cache keeps no row that was
 * read before, even if the query was still running: otherwise the process that replaced a file could serve the old bytes once more.
 */
export class RowCache {
  readonly #rows = new Map<ObjectKey, { row: DatedRow | undefined; until: number }>();
  #generation = 0;

  constructor(
    private readonly load: (key: ObjectKey) => Promise<DatedRow | undefined>,
    /** Milliseconds by a clock that nobody sets, so that a correction of the time does not make the cache keep a row for longer. */
    private readonly elapsed: () => number,
    private readonly ttlMs = ROW_TTL_MS,
  ) {}

  async get(key: ObjectKey, options: { fresh?: boolean } = {}): Promise<DatedRow | undefined> {
    const known = this.#rows.get(key);
    if (known && !options.fresh && this.elapsed() < known.until) return known.row;
    // the time counts from before the query, because its answer is as old as its start
    const until = this.elapsed() + this.ttlMs;
    const generation = this.#generation;
    const row = await this.load(key);
    if (generation === this.#generation) {
      this.#rows.delete(key);
      if (this.#rows.size >= MAX_ROWS) this.#rows.delete(this.#rows.keys().next().value as ObjectKey);
      this.#rows.set(key, { row, until });
    }
    return row;
  }

  /** Returns the row of a key, if this process has read one a moment ago. */
  remembered(key: ObjectKey): DatedRow | undefined {
    const known = this.#rows.get(key);
    return known && this.elapsed() < known.until ? known.row : undefined;
  }

  forget(keys: Iterable<ObjectKey>): void {
    this.#generation++;
    for (const key of keys) this.#rows.delete(key);
  }

  clear(): void {
    this.#generation++;
    this.#rows.clear();
  }
}

import { isStorageError } from '../../errors';
import { parseKey, type ObjectKey } from '../../keys';
import { isIn, type LedgerRow, type RowIn } from '../../ledger/state';
import type { MoveParts } from '../deps';
import type { LibraryFile, MediaLibrary } from '../../media/library';
import { isBeyondFetching } from '../../ledger/given-up';
import type { JobContext } from '../../runner/job';

/** This plugin's files: Strapi's own provider, which it wraps. */
const PROVIDER = 'local';

/**
 * The rows that are in S3 only among the first files of the media library. It remembers where a run had to end, so that the next run
 * need not go through the same pages. The next run looks again only at the rows that were still in S3 only.
 */
export class LibraryRange {
  #reached = { maxId: 0, after: 0 };
  /** The keys in the pages that are done whose rows were in S3 only when they were last looked at. */
  readonly #left = new Set<ObjectKey>();

  constructor(private readonly deps: Pick<MoveParts, 'ledger'> & { readonly library: MediaLibrary }) {}

  /**
   * Yields the rows of one page of the library after the other, up to and including `maxId`. A page is done when the caller asks for
   * the next one. Rows that were given up are left out.
   */
  async *batches(maxId: number, { options, signal }: Pick<JobContext, 'options' | 'signal'>): AsyncGenerator<RowIn<'remote'>[]> {
    if (options.fromStart || this.#reached.maxId !== maxId) this.ended();
    const left = [...this.#left];
    for (let from = 0; from < left.length && !signal.aborted; from += options.batchSize) {
      yield (await this.#remote(left.slice(from, from + options.batchSize))).filter((row) => !isBeyondFetching(row));
    }
    for await (const { keys, after } of this.#pages(maxId, this.#reached.after, options.batchSize)) {
      if (signal.aborted) return;
      yield (await this.#remote(keys)).filter((row) => !isBeyondFetching(row));
      for (const { key } of await this.#remote(keys)) this.#left.add(key);
      if (!signal.aborted) this.#reached = { maxId, after };
    }
  }

  /** Yields all rows, also those that were given up, and remembers nothing. */
  async *all(maxId: number, { options, signal }: Pick<JobContext, 'options' | 'signal'>): AsyncGenerator<RowIn<'remote'>[]> {
    for await (const { keys } of this.#pages(maxId, 0, options.batchSize)) {
      if (signal.aborted) return;
      yield this.#remote(keys);
    }
  }

  /** Returns the rows in the pages that are done that are still in S3 only. */
  async left(): Promise<LedgerRow[]> {
    const rows = await this.#remote([...this.#left]);
    this.#left.clear();
    for (const { key } of rows) this.#left.add(key);
    return rows;
  }

  /** Forgets how far the last run came, so that the next one looks at everything again. */
  ended(): void {
    this.#reached = { maxId: 0, after: 0 };
    this.#left.clear();
  }

  async *#pages(maxId: number, after: number, limit: number): AsyncGenerator<{ keys: ObjectKey[]; after: number }> {
    for (;;) {
      const page = await this.deps.library.page({ after, limit, maxId });
      after = page.at(-1)?.id ?? after;
      yield { keys: keysOf(page), after };
      if (page.length < limit) return;
    }
  }

  async #remote(keys: readonly ObjectKey[]): Promise<RowIn<'remote'>[]> {
    const rows = await this.deps.ledger.rowsOf(keys);
    return rows.filter((row) => isIn(row, 'remote')).filter((row) => row.tombstone === null);
  }
}

function keysOf(page: readonly LibraryFile[]): ObjectKey[] {
  return [...new Set(page.filter(({ provider }) => provider === PROVIDER).flatMap(({ names }) => names.flatMap(keyOrNone)))];
}

function keyOrNone(name: string): ObjectKey[] {
  try {
    return [parseKey(name)];
  } catch (error) {
    if (!isStorageError(error, 'INVALID_KEY')) throw error;
    return [];
  }
}

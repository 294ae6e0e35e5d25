import { isStorageError } from '../errors';
import { parseKey, type ObjectKey } from '../keys';
import { isIn, type RowIn } from '../ledger/state';
import type { EngineParts } from '../media/deps';
import type { LibraryFile, MediaLibrary } from '../media/library';
import type { JobContext } from './job';

/** This plugin's files: Strapi's own provider, which it wraps. */
const PROVIDER = 'local';

/**
 * The rows, in S3 only, of the first files of the media library. Where a run had to end is remembered, so that the next one does
 * not spend its time on finding out again what was done before.
 */
export class LibraryRange {
  #reached = { maxId: 0, after: 0 };

  constructor(private readonly deps: Pick<EngineParts, 'ledger'> & { readonly library: MediaLibrary }) {}

  /** Page by page of the library, up to and including `maxId`; a page is behind us when the next one is asked for. */
  async *batches(maxId: number, { options, signal }: Pick<JobContext, 'options' | 'signal'>): AsyncGenerator<RowIn<'remote'>[]> {
    const remembers = !options.dryRun && !options.fromStart && this.#reached.maxId === maxId;
    let after = remembers ? this.#reached.after : 0;
    while (!signal.aborted) {
      const page = await this.deps.library.page({ after, limit: options.batchSize, maxId });
      yield await this.#remote(page);
      after = page.at(-1)?.id ?? after;
      if (!options.dryRun && !signal.aborted) this.#reached = { maxId, after };
      if (page.length < options.batchSize) return;
    }
  }

  /** Nothing is left undone: the next run looks at everything again. */
  ended(): void {
    this.#reached = { maxId: 0, after: 0 };
  }

  async #remote(page: readonly LibraryFile[]): Promise<RowIn<'remote'>[]> {
    const keys = new Set(page.filter(({ provider }) => provider === PROVIDER).flatMap(({ names }) => names.flatMap(keyOrNone)));
    const rows: RowIn<'remote'>[] = [];
    for (const key of keys) {
      const row = await this.deps.ledger.find(key);
      if (isIn(row, 'remote') && row.tombstone === null) rows.push(row);
    }
    return rows;
  }
}

function keyOrNone(name: string): ObjectKey[] {
  try {
    return [parseKey(name)];
  } catch (error) {
    if (!isStorageError(error, 'INVALID_KEY')) throw error;
    return [];
  }
}

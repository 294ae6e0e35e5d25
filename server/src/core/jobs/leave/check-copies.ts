import { isStorageError } from '../../errors';
import type { ObjectKey } from '../../keys';
import type { AuditedRow } from '../../ledger/reports';
import { isLeftToSettle } from '../../ledger/settling-steps';
import { isIn, type LedgerRow, type RowIn } from '../../ledger/state';
import type { MoveParts } from '../deps';
import { isDiskThere } from '../../volumes/disk-there';
import { isBeyondFetching } from '../../ledger/given-up';
import { forEach } from '../../pool/for-each';
import type { JobContext } from '../../runner/job';
import { localBody } from '../local-copy';
import { pace } from '../pace';

/**
 * Finds the rows whose copy on this disk is wrong: it is on another disk, it is gone, or somebody has changed it. The check reads
 * every file, so a run goes on where the last one had to end. It looks again at the files that an earlier run found wrong.
 */
export class CopyCheck {
  #after: string | null = null;
  #ended = false;
  /** The keys whose copies were wrong when a run last looked at them. */
  readonly #wanting = new Set<ObjectKey>();
  /** The keys of the present page that an earlier run looked at, before it had to end in the middle of the page. */
  readonly #looked = new Set<ObjectKey>();

  constructor(private readonly deps: MoveParts) {}

  /**
   * Yields the rows whose copies are wrong, in batches that are never empty. It leaves out rows that cannot be fetched.
   * @param onInPlace gets each file that is right and at its plain path, once, when its page was looked at
   */
  async *batches({ options, signal, halt }: Pick<JobContext, 'options' | 'signal' | 'halt'>, onInPlace: (found: AuditedRow) => void): AsyncGenerator<RowIn<'both'>[]> {
    const { ledger } = this.deps;
    const limit = options.batchSize;
    const keys = [...this.#wanting];
    for (let from = 0; from < keys.length && !signal.aborted; from += limit) {
      const wanting = await this.#wantingOf(await ledger.rowsOf(keys.slice(from, from + limit)), { options, signal, halt }, new Set());
      if (wanting.length === 0) continue;
      // the disk was unmounted meanwhile: all files would be fetched onto the empty mount point
      if (!(await isDiskThere(this.deps))) return;
      yield wanting;
    }
    while (!this.#ended && !signal.aborted) {
      const page = await ledger.page({ after: this.#after, limit });
      const wanting = await this.#wantingOf(page.rows.map(({ row }) => row), { options, signal, halt }, this.#looked);
      // the next run looks at the rest of the page
      if (signal.aborted) return;
      this.#looked.clear();
      for (const found of page.rows) if (this.#isInPlace(found.row)) onInPlace(found);
      // the page is done, and the wrong copies in it are remembered
      this.#after = page.next;
      this.#ended = page.next === null;
      if (wanting.length === 0) continue;
      if (!(await isDiskThere(this.deps))) return;
      yield wanting;
    }
  }

  /** Makes the next run look at everything again, because somebody started it from the beginning. */
  anew(): void {
    this.#after = null;
    this.#ended = false;
    this.#wanting.clear();
    this.#looked.clear();
  }

  /** Returns the rows whose copies were found wrong and still are. */
  async left(halt: AbortSignal): Promise<LedgerRow[]> {
    const rows: LedgerRow[] = [];
    for (const row of await this.deps.ledger.rowsOf([...this.#wanting])) {
      if (isIn(row, 'both') && row.tombstone === null && !(await isProven(this.deps, row, halt))) rows.push(row);
      else this.#wanting.delete(row.key);
    }
    return rows;
  }

  #isInPlace(row: LedgerRow): boolean {
    const here = isIn(row, 'local', 'both') && row.tombstone === null && row.placement.local.volume === this.deps.volume.id;
    return here && !isLeftToSettle(row) && !this.#wanting.has(row.key);
  }

  /** Returns the rows whose copies are wrong. @param looked keys to leave out; each key that is looked at is added */
  async #wantingOf(rows: readonly LedgerRow[], { options, signal, halt }: Pick<JobContext, 'options' | 'signal' | 'halt'>, looked: Set<ObjectKey>): Promise<RowIn<'both'>[]> {
    const wanting: RowIn<'both'>[] = [];
    const paced = pace(this.deps, options.concurrency);
    await forEach(rows, options.concurrency, (row) => paced(async () => {
      // no file is opened once the run is to end
      if (signal.aborted || looked.has(row.key)) return;
      const isFine = !isIn(row, 'both') || row.tombstone !== null || (await isProven(this.deps, row, halt));
      looked.add(row.key);
      if (isFine) return;
      this.#wanting.add(row.key);
      if (!isBeyondFetching(row)) wanting.push(row);
    }));
    return wanting;
  }
}

/** Whether the row's copy is on this disk with the bytes that the ledger knows. @throws StorageError ABORTED */
async function isProven(deps: MoveParts, row: RowIn<'both'>, signal: AbortSignal): Promise<boolean> {
  const { local, content } = row.placement;
  if (local.volume !== deps.volume.id) return false;
  try {
    await localBody(deps, row.key, local, content, { signal });
    return true;
  } catch (error) {
    if (!isStorageError(error) || error.code === 'ABORTED') throw error;
    return false;
  }
}

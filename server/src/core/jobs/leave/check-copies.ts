import { isStorageError } from '../../errors';
import type { ObjectKey } from '../../keys';
import type { AuditedRow } from '../../ledger/reports';
import { isUnsettled } from '../../ledger/settling-steps';
import { isIn, type LedgerRow, type RowIn } from '../../ledger/state';
import type { MoveParts } from '../deps';
import { isDiskThere } from '../../volumes/disk-there';
import { isBeyondFetching } from '../../ledger/given-up';
import { forEach } from '../../pool/for-each';
import type { JobContext } from '../../runner/job';
import { localBody } from '../local-copy';

/**
 * Finds the rows whose copy is not on this disk as the ledger has it: on another disk, gone, or changed by somebody. Every file is
 * read, so a run goes on where the last one had to end; it looks once more at what an earlier one found wanting.
 */
export class CopyCheck {
  #after: string | null = null;
  #ended = false;
  /** Those that were not proven when they were last looked at. */
  readonly #wanting = new Set<ObjectKey>();
  /** Those of the present page that were looked at by a run that had to end before the page did. */
  readonly #looked = new Set<ObjectKey>();

  constructor(private readonly deps: MoveParts) {}

  /**
   * Batch by batch, none of them empty. Those that cannot be fetched are left out.
   * @param onInPlace told each file, the first time it is looked at, that is at its plain path
   */
  async *batches({ options, signal, halt }: Pick<JobContext, 'options' | 'signal' | 'halt'>, onInPlace: (found: AuditedRow) => void): AsyncGenerator<RowIn<'both'>[]> {
    const { ledger } = this.deps;
    const limit = options.batchSize;
    const keys = [...this.#wanting];
    for (let from = 0; from < keys.length && !signal.aborted; from += limit) {
      const wanting = await this.#wantingOf(await ledger.rowsOf(keys.slice(from, from + limit)), { options, signal, halt }, new Set());
      if (wanting.length === 0) continue;
      // unmounted meanwhile: all would be fetched onto the mount point
      if (!(await isDiskThere(this.deps))) return;
      yield wanting;
    }
    while (!this.#ended && !signal.aborted) {
      const page = await ledger.page({ after: this.#after, limit });
      const wanting = await this.#wantingOf(page.rows.map(({ row }) => row), { options, signal, halt }, this.#looked);
      // the rest of the page is for the next run
      if (signal.aborted) return;
      this.#looked.clear();
      for (const found of page.rows) if (this.#isInPlace(found.row)) onInPlace(found);
      // behind us: what was wanting is remembered
      this.#after = page.next;
      this.#ended = page.next === null;
      if (wanting.length === 0) continue;
      if (!(await isDiskThere(this.deps))) return;
      yield wanting;
    }
  }

  /** Started by hand: everything is looked at again. */
  anew(): void {
    this.#after = null;
    this.#ended = false;
    this.#wanting.clear();
    this.#looked.clear();
  }

  /** Of what was found wanting, that which still is. */
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
    return here && !isUnsettled(row) && !this.#wanting.has(row.key);
  }

  /** @param looked those that are passed by; the others are added to them as they are looked at */
  async #wantingOf(rows: readonly LedgerRow[], { options, signal, halt }: Pick<JobContext, 'options' | 'signal' | 'halt'>, looked: Set<ObjectKey>): Promise<RowIn<'both'>[]> {
    const wanting: RowIn<'both'>[] = [];
    await forEach(rows, options.concurrency, async (row) => {
      // nothing is opened once the run is to end
      if (signal.aborted || looked.has(row.key)) return;
      const isFine = !isIn(row, 'both') || row.tombstone !== null || (await isProven(this.deps, row, halt));
      looked.add(row.key);
      if (isFine) return;
      this.#wanting.add(row.key);
      if (!isBeyondFetching(row)) wanting.push(row);
    });
    return wanting;
  }
}

/** Whether the row's copy lies on this disk, byte for byte. @throws StorageError ABORTED */
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

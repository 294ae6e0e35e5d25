import type { ErrorCode } from '../../../contracts/errors';
import { codeOf, isStorageError } from '../../errors';
import { type LedgerRow, isIn, type RowIn } from '../../ledger/state';
import type { MoveParts } from '../deps';
import { CLAIM_MS, keepingClaims } from '../claimed';
import { noteFailure } from '../../buckets/failures';
import { isBeyondFetching } from '../../ledger/given-up';
import type { JobContext, JobOutcome } from '../../runner/job';
import { bringBack } from './restore-row';

/** One run of the restore: batch after batch, until nothing is left, S3 is away, or the disk is full. */
export class Restoring {
  /** Why the run is over before its end. */
  #over: ErrorCode | null = null;
  #lastFailure: ErrorCode | null = null;

  constructor(
    private readonly deps: MoveParts,
    private readonly context: JobContext,
    /** Whether the disk has room for so many bytes more. */
    private readonly fits: (bytes: number) => Promise<boolean>,
    /** A row's file is back, which counts. */
    private readonly onBack: (row: RowIn<'remote' | 'both'>) => Promise<void>,
  ) {}

  /** Every file that is in S3 only. */
  async all(): Promise<JobOutcome> {
    const { ledger } = this.deps;
    const { progress, options } = this.context;
    const { remote } = await ledger.tallies();
    progress.expect(remote.count, remote.bytes);
    while (this.#goesOn()) {
      const rows = await ledger.claim({ work: 'restore', limit: options.batchSize }, CLAIM_MS, this.deps.holder);
      if (rows.length === 0 || (await this.#batch(rows)) === 0) break;
    }
    if (await this.#isLeft()) return this.#outcome(true);
    // what is left has been given up
    return (await ledger.tallies()).remote.count > 0 && this.#goesOn() ? this.#givenUp(await this.#errorOfRest()) : this.#outcome(false);
  }

  /** The files of these batches. @param left those of them that are not back @param expected they are counted in already */
  async rows(batches: AsyncIterable<LedgerRow[]>, left: () => Promise<readonly LedgerRow[]>, expected = false): Promise<JobOutcome> {
    for await (const rows of batches) {
      if (!expected) this.context.progress.expect(rows.length, bytesOf(rows));
      if (rows.length > 0 && this.#goesOn()) await this.#batch(rows);
      if (!this.#goesOn()) break;
    }
    if (!this.#goesOn()) return this.#outcome(true);
    const rest = await left();
    if (rest.length === 0) return this.#outcome(false);
    const code = rest.at(-1)?.lastError ?? this.#lastFailure;
    return rest.every(isBeyondFetching) ? this.#givenUp(code) : { status: 'paused', code };
  }

  #givenUp(code: ErrorCode | null): JobOutcome {
    return { status: 'failed', code: code ?? 'UNAVAILABLE' };
  }

  /** Why one of the files that are still in S3 only is not back. */
  async #errorOfRest(): Promise<ErrorCode | null> {
    const [row] = await this.deps.ledger.list({ state: 'remote', failed: true }, { offset: 0, limit: 1 });
    return row?.lastError ?? this.#lastFailure;
  }

  /** Whether there is a file that will be tried again by itself. */
  async #isLeft(): Promise<boolean> {
    return this.deps.ledger.pendingWork({ work: 'restore' });
  }

  /** @returns how many files are back */
  async #batch(rows: LedgerRow[]): Promise<number> {
    let back = 0;
    if (!(await this.fits(bytesOf(rows)))) this.#over = 'DISK_TOO_SMALL';
    const held = new Set(rows);
    const worker = async () => {
      while (this.#goesOn()) {
        const row = rows.shift();
        if (!row) return;
        if (await this.#one(row)) back++;
        held.delete(row);
      }
    };
    await keepingClaims(this.deps, held, () => Promise.all(Array.from({ length: this.context.options.concurrency }, worker)));
    await this.deps.ledger.release(rows);
    await this.context.commit();
    return back;
  }

  async #one(row: LedgerRow): Promise<boolean> {
    const { deps } = this;
    const { progress } = this.context;
    if (!isIn(row, 'remote', 'both')) return false;
    try {
      progress.requested('get');
      const back = await bringBack(deps, row, this.context.halt);
      if (back) await this.onBack(row);
      return back;
    } catch (error) {
      if (isStorageError(error, 'DISK_FULL')) {
        // no fault of this file, nor would another one fare better
        this.#over = error.code;
        await deps.ledger.release([row]);
        return false;
      }
      await noteFailure(deps, row, error, 'restore');
      if (this.#away() !== null) return false;
      this.#lastFailure = codeOf(error);
      progress.failed();
      return false;
    }
  }

  #goesOn(): boolean {
    return this.#over === null && !this.context.signal.aborted && this.#away() === null;
  }

  /** Why S3 cannot be read. */
  #away(): ErrorCode | null {
    const state = this.deps.buckets.breaker?.state;
    if (!state) return 'UNAVAILABLE';
    return state.kind === 'closed' ? null : state.cause.code;
  }

  #outcome(isLeft: boolean): JobOutcome {
    const stopped = this.#over ?? this.#away();
    if (isLeft) return { status: 'paused', code: stopped ?? this.#lastFailure };
    return { status: 'complete' };
  }
}

export function bytesOf(rows: readonly LedgerRow[]): number {
  return rows.reduce((total, row) => total + ('content' in row.placement ? row.placement.content.size : 0), 0);
}

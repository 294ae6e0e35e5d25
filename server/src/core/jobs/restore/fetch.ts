import type { ErrorCode } from '../../../contracts/errors';
import { noteFailure } from '../../buckets/failures';
import { isStorageError } from '../../errors';
import { isBeyondFetching } from '../../ledger/given-up';
import type { LedgerRow } from '../../ledger/state';
import { isIn } from '../../ledger/state';
import type { MoveParts } from '../deps';
import type { JobContext, JobOutcome } from '../../runner/job';
import { counted } from '../counted';
import { bytesOf } from '../sizes';
import { workThrough, type Rows } from '../work-through';
import { restores, type Restores } from './bring-back';
import type { LibraryRange } from './library-range';

export interface FetchWays {
  /** Whether the disk has room for this number of bytes. */
  fits(bytes: number): Promise<boolean>;
  /** Counts a file that is back. */
  onBack(row: LedgerRow): Promise<void>;
}

/** Fetches files from S3 in one run, batch after batch, until no file is left, S3 is away, or the disk is full. */
export class Fetching {
  /** Why the run has to end early; null while it goes on. */
  #over: ErrorCode | null = null;
  #lastFailure: ErrorCode | null = null;
  readonly #restores: Restores;

  constructor(
    private readonly deps: MoveParts,
    private readonly context: JobContext,
    private readonly ways: FetchWays,
  ) {
    this.#restores = restores(counted(deps, context.progress), { ...context.options, signal: context.signal, halt: context.halt });
  }

  /** Fetches every file that is in S3 only. */
  async all(): Promise<JobOutcome> {
    const { ledger } = this.deps;
    const { remote } = await ledger.tallies();
    this.context.progress.expect(remote.count, remote.bytes);
    await this.#fetch({ work: 'restore' });
    // at least one file will be tried again by itself
    if (await ledger.pendingWork({ work: 'restore' })) return this.#paused();
    // every file that is left has been given up
    return (await ledger.tallies()).remote.count > 0 && this.#goesOn() ? this.#givenUp(await this.#errorOfRest()) : { status: 'complete' };
  }

  /** Fetches the files of these batches. @param left returns the rows of the batches that are not back yet */
  async rows(batches: AsyncIterable<readonly LedgerRow[]>, left: () => Promise<readonly LedgerRow[]>): Promise<JobOutcome> {
    await this.#fetch(batches);
    if (!this.#goesOn()) return this.#paused();
    const rest = await left();
    if (rest.length === 0) return { status: 'complete' };
    const code = rest.at(-1)?.lastError ?? this.#lastFailure;
    return rest.every(isBeyondFetching) ? this.#givenUp(code) : { status: 'paused', code };
  }

  async #fetch(rows: Rows): Promise<void> {
    const { failure } = await workThrough(this.deps, this.context, rows, (row) => this.#one(row), {
      concurrency: this.#restores.inHand,
      goesOn: () => this.#goesOn(),
      fits: async (batch) => {
        const fits = await this.ways.fits(bytesOf(batch));
        if (!fits) this.#over = 'DISK_TOO_SMALL';
        return fits;
      },
      onMoved: (row) => this.ways.onBack(row),
    });
    this.#lastFailure = failure ?? this.#lastFailure;
  }

  async #one(row: LedgerRow): Promise<boolean> {
    const { deps } = this;
    if (!isIn(row, 'remote', 'both')) return false;
    try {
      return await this.#restores.bringBack(row);
    } catch (error) {
      if (!isStorageError(error, 'DISK_FULL')) {
        await noteFailure(deps, row, error, 'restore');
      } else {
        // this is no fault of the file, and another file would fail as well
        this.#over = error.code;
        await deps.ledger.release([row]);
      }
      return false;
    }
  }

  #goesOn(): boolean {
    return this.#over === null && !this.context.signal.aborted && this.#away() === null;
  }

  /** Returns why S3 cannot be read; null when it can. */
  #away(): ErrorCode | null {
    const state = this.deps.buckets.breaker?.state;
    if (!state) return 'UNAVAILABLE';
    return state.kind === 'closed' ? null : state.cause.code;
  }

  #paused(): JobOutcome {
    return { status: 'paused', code: this.#over ?? this.#away() ?? this.#lastFailure };
  }

  #givenUp(code: ErrorCode | null): JobOutcome {
    return { status: 'failed', code: code ?? 'UNAVAILABLE' };
  }

  /** Returns the error of one of the files that are still in S3 only. */
  async #errorOfRest(): Promise<ErrorCode | null> {
    const [row] = await this.deps.ledger.list({ state: 'remote', failed: true }, { offset: 0, limit: 1 });
    return row?.lastError ?? this.#lastFailure;
  }
}

/** Fetches every file that is in S3 only, or those of a range of the media library. */
export async function fetchInS3Only(fetching: Fetching, context: JobContext, range: LibraryRange): Promise<JobOutcome> {
  const { maxId } = context.options;
  const fetched = await (maxId === null ? fetching.all() : fetching.rows(expected(range.batches(maxId, context), context), () => range.left()));
  if (fetched.status === 'complete') range.ended();
  return fetched;
}

async function* expected(batches: AsyncIterable<readonly LedgerRow[]>, { progress }: JobContext): AsyncGenerator<readonly LedgerRow[]> {
  for await (const rows of batches) {
    progress.expect(rows.length, bytesOf(rows));
    yield rows;
  }
}

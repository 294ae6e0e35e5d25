import { withHeartbeat } from '../heartbeat';
import type { ErrorCode } from '../../contracts/errors';
import { isAway } from '../buckets/s3-there';
import type { LedgerRow } from '../ledger/state';
import type { Work } from '../ledger/words';
import type { MoveParts } from './deps';
import { forEach } from '../pool/for-each';
import type { JobContext, NewFinding } from '../runner/job';
import { sizeOf } from './sizes';

/** How long a claim lasts, in milliseconds. It is short, because the files of a process that was killed wait until its claims end. */
const CLAIM_MS = 60_000;
/** Interval at which claims are renewed, in milliseconds. */
const RENEWED_AFTER_MS = 20_000;

/** Rows to be claimed for a kind of work, or batches of rows that the caller finds. The next batch is requested once one has ended. */
export type Rows = Work | AsyncIterable<readonly LedgerRow[]>;

export interface WorkOptions {
  /** Number of rows that are worked on at once; never more than `batchSize`. */
  readonly concurrency: number;
  /** Number of rows that are claimed at once. */
  readonly batchSize: number;
  /** No further row is begun once it aborts. */
  readonly signal: AbortSignal;
  /** Whether another row may be begun; called before each row. By default, claimed work goes on as long as S3 is there for it. */
  goesOn?(): boolean;
  /** Called with each batch. If it is given, a batch begins only once the one before has ended. @returns false to end the work */
  fits?(batch: readonly LedgerRow[]): Promise<boolean>;
  /** Called each time `batchSize` rows have ended, and at the end. Two calls never overlap. @returns false to end the work */
  afterBatch?(): Promise<boolean>;
}

export interface WorkResult {
  done: number;
  failed: number;
}

/**
 * Works on up to `concurrency` rows at once, while S3 is there and nobody stops it. It claims rows batch by batch, and claims a
 * batch before the last rows of the one before have moved. At the end it gives back the rows that it claimed and did not begin. It
 * stops claiming when `batchSize` rows in succession have not moved on; each of them waits for its next attempt.
 * @param work returns whether the row has moved on; it rejects only for a fault that concerns every row
 * @throws the first error of a claim, `work` or `afterBatch`, once the rows in progress have ended
 */
export async function workOn(deps: MoveParts, rows: Rows, options: WorkOptions, work: (row: LedgerRow) => Promise<boolean>): Promise<WorkResult> {
  return new WorkThrough(deps, options, work, 'work' in rows ? rows : undefined).run(rows);
}

class WorkThrough {
  readonly #result: WorkResult = { done: 0, failed: 0 };
  readonly #concurrency: number;
  /** Whether a batch begins only once the one before has ended. */
  readonly #isStepwise: boolean;
  readonly #waiting: LedgerRow[] = [];
  /** The claimed rows: those that wait, and those that are worked on. */
  readonly #claimed = new Set<LedgerRow>();
  #isOver = false;
  /** Whether this pass has nothing more to claim. */
  #isDry = false;
  #failures: unknown[] = [];
  #claiming: Promise<void> | undefined;
  #closing = Promise.resolve();
  #batch: WorkResult = { done: 0, failed: 0 };

  constructor(
    private readonly deps: MoveParts,
    private readonly options: WorkOptions,
    private readonly work: (row: LedgerRow) => Promise<boolean>,
    private readonly claims: Work | undefined,
  ) {
    this.#concurrency = Math.min(options.concurrency, options.batchSize);
    this.#isStepwise = options.fits !== undefined || claims === undefined;
  }

  async run(rows: Rows): Promise<WorkResult> {
    try {
      await this.#keepingClaims(() => (Symbol.asyncIterator in rows ? this.#found(rows) : this.#passes()));
    } catch (error) {
      this.#failed(error);
    }
    await this.#claiming;
    if (this.#failures.length > 0) {
      // if the database is away, the rows wait until their claims end
      await this.#giveBack().catch(() => undefined);
      throw this.#failures[0];
    }
    await this.#giveBack();
    // stepwise work has closed its batches already
    if (!this.#isStepwise || this.#batch.done + this.#batch.failed > 0) await this.#close();
    return this.#result;
  }

  /** Claims and works until nothing is due any more. Another pass claims the rows that became due during the last one. */
  async #passes(): Promise<void> {
    for (let before = -1; this.#result.done > before && this.#goesOn(); ) {
      before = this.#result.done;
      this.#isDry = false;
      await this.#pass();
    }
  }

  async #found(batches: AsyncIterable<readonly LedgerRow[]>): Promise<void> {
    this.#isDry = true;
    for await (const batch of batches) {
      if (batch.length > 0 && this.#goesOn() && (await this.#fits(batch))) {
        this.#waiting.push(...batch);
        await this.#pass();
        await this.#close();
      }
      if (!this.#goesOn()) return;
    }
  }

  async #pass(): Promise<void> {
    await forEach(this.#next(), this.#concurrency, (row) => this.#one(row));
  }

  async *#next(): AsyncGenerator<LedgerRow> {
    while (this.#goesOn()) {
      if (this.#waiting.length < this.#concurrency && !this.#isDry) {
        this.#claiming ??= this.#claim().catch((error: unknown) => this.#failed(error)).finally(() => (this.#claiming = undefined));
      }
      const row = this.#waiting.shift();
      if (row) yield row;
      else if (this.#isDry) return;
      else await this.#claiming;
    }
  }

  async #claim(): Promise<void> {
    const { deps, options, claims } = this;
    const rows = claims ? await deps.ledger.claim({ ...claims, limit: options.batchSize }, CLAIM_MS, deps.holder) : [];
    this.#isDry = rows.length === 0 || this.#isStepwise;
    for (const row of rows) this.#claimed.add(row);
    try {
      if (rows.length > 0) await this.#fits(rows);
    } finally {
      this.#waiting.push(...rows);
    }
  }

  async #one(row: LedgerRow): Promise<void> {
    try {
      const outcome = (await this.work(row)) ? 'done' : 'failed';
      this.#claimed.delete(row);
      this.#result[outcome]++;
      this.#batch[outcome]++;
      if (this.claims && this.#batch.done + this.#batch.failed >= this.options.batchSize) await this.#close();
    } catch (error) {
      this.#failed(error);
    }
  }

  async #close(): Promise<void> {
    if (this.claims && this.#batch.done === 0) this.#isOver = true;
    this.#batch = { done: 0, failed: 0 };
    this.#closing = this.#closing.then(async () => {
      if ((await this.options.afterBatch?.()) === false) this.#isOver = true;
    });
    return this.#closing;
  }

  async #fits(batch: readonly LedgerRow[]): Promise<boolean> {
    const fits = (await this.options.fits?.(batch)) ?? true;
    if (!fits) this.#isOver = true;
    return fits;
  }

  #goesOn(): boolean {
    const { deps, options, claims } = this;
    if (this.#isOver || options.signal.aborted) return false;
    return options.goesOn ? options.goesOn() : claims === undefined || !isAway(deps.buckets, claims.work);
  }

  #failed(error: unknown): void {
    this.#failures.push(error);
    this.#isOver = true;
  }

  async #giveBack(): Promise<void> {
    const rows = this.#waiting.filter((row) => this.#claimed.has(row));
    if (rows.length > 0) await this.deps.ledger.release(rows);
  }

  /** Renews the claims while `work` lasts, as a large file may take hours. */
  async #keepingClaims(work: () => Promise<void>): Promise<void> {
    const { ledger, holder = '' } = this.deps;
    const renew = () => {
      // if the renewal fails, the worst case is that another process does the same work once more
      if (this.#claimed.size > 0) ledger.renewClaims([...this.#claimed], CLAIM_MS, holder).catch(() => undefined);
    };
    await withHeartbeat(RENEWED_AFTER_MS, renew, work);
  }
}

export interface CountedOptions extends Partial<Pick<WorkOptions, 'concurrency' | 'goesOn' | 'fits'>> {
  /** Counts a row that has moved on; by default it counts as one file done. */
  onMoved?(row: LedgerRow): Promise<void>;
  /** Called after each batch. @returns why the work must not go on, or null */
  afterBatch?(): Promise<ErrorCode | null>;
}

export interface CountedResult {
  /** The error of the last file that failed. */
  readonly failure: ErrorCode | null;
  /** Why the work must not go on, as `afterBatch` returned. */
  readonly forbidden: ErrorCode | null;
}

/**
 * Does the work of {@link workOn} for a run of a job, and stores the progress after each batch. A file that cannot be moved does not
 * hold up the others: it is reported, and tried again later.
 */
export async function workThrough(
  deps: MoveParts,
  context: JobContext,
  rows: Rows,
  work: (row: LedgerRow) => Promise<boolean>,
  { onMoved, afterBatch, ...ways }: CountedOptions = {},
): Promise<CountedResult> {
  const { options, signal, progress } = context;
  const failures: NewFinding[] = [];
  let failure: ErrorCode | null = null;
  let forbidden: ErrorCode | null = null;
  const reporting: WorkOptions = {
    ...{ concurrency: options.concurrency, batchSize: options.batchSize, signal, ...ways },
    async afterBatch() {
      await context.report(failures.splice(0));
      await context.commit();
      forbidden = (await afterBatch?.()) ?? null;
      return forbidden === null;
    },
  };
  await workOn(deps, rows, reporting, async (row) => {
    const moved = await work(row);
    const size = sizeOf(row);
    if (moved && onMoved) await onMoved(row);
    else if (moved) progress.done(size);
    // a row that another write has overtaken has not failed
    const now = moved ? undefined : await deps.ledger.find(row.key);
    if (now?.lastError && now.attempts > row.attempts) {
      failure = now.lastError;
      progress.failed();
      failures.push({ kind: 'failed', key: row.key, name: null, size, code: failure, action: 'none', applied: false });
    }
    return moved;
  });
  return { failure, forbidden };
}

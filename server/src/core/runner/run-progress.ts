import type { AuditResult, Requests, SkipCode, Skipped } from '../../contracts/jobs';

export interface ProgressSnapshot {
  readonly done: number;
  readonly total: number;
  readonly failed: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly requests: Requests;
  readonly skipped: readonly Skipped[];
  /** Of an audit that has ended. */
  readonly audit?: AuditResult | null;
}

/** The counters of one run. */
export class RunProgress {
  #done = 0;
  #failed = 0;
  #bytesDone = 0;
  #total = 0;
  #bytesTotal = 0;
  #audit: AuditResult | null = null;
  readonly #requests: Requests = { list: 0, head: 0, get: 0, put: 0, delete: 0 };
  readonly #skipped = new Map<SkipCode, { count: number; bytes: number }>();

  /** So many files more, of so many bytes, are to be dealt with. */
  expect(count: number, bytes: number): void {
    this.#total += count;
    this.#bytesTotal += bytes;
  }

  /** Nothing is left to be done: what was expected and did not come has gone meanwhile, or was done by others. */
  completed(): void {
    this.#total = this.#done;
    this.#bytesTotal = this.#bytesDone;
  }

  done(bytes: number): void {
    this.#done++;
    this.#bytesDone += bytes;
  }

  failed(): void {
    this.#failed++;
  }

  skipped(code: SkipCode, bytes = 0, count = 1): void {
    const before = this.#skipped.get(code) ?? { count: 0, bytes: 0 };
    this.#skipped.set(code, { count: before.count + count, bytes: before.bytes + bytes });
  }

  requested(kind: keyof Requests, count = 1): void {
    this.#requests[kind] += count;
  }

  audited(result: AuditResult): void {
    this.#audit = result;
  }

  snapshot(): ProgressSnapshot {
    return {
      done: this.#done,
      failed: this.#failed,
      bytesDone: this.#bytesDone,
      // what came up meanwhile was not expected
      total: Math.max(this.#total, this.#done),
      bytesTotal: Math.max(this.#bytesTotal, this.#bytesDone),
      requests: { ...this.#requests },
      skipped: [...this.#skipped].map(([code, { count, bytes }]) => ({ code, count, bytes })),
      audit: this.#audit,
    };
  }
}

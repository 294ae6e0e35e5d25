import type { AuditResult, Requests, SkipCode, Skipped } from '../../contracts/jobs';

export interface ProgressSnapshot {
  readonly done: number;
  readonly total: number;
  readonly failed: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly requests: Requests;
  readonly skipped: readonly Skipped[];
  /** The result of an audit that has ended; null otherwise. */
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

  /** Adds files, and their size in bytes, to the amount of work that the run expects. */
  expect(count: number, bytes: number): void {
    this.#total += count;
    this.#bytesTotal += bytes;
  }

  /** Notes that nothing is left to do: expected files that did not come have gone meanwhile, or others have done them. */
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
      // files that came up during the run were not expected
      total: Math.max(this.#total, this.#done),
      bytesTotal: Math.max(this.#bytesTotal, this.#bytesDone),
      requests: { ...this.#requests },
      skipped: [...this.#skipped].map(([code, { count, bytes }]) => ({ code, count, bytes })),
      audit: this.#audit,
    };
  }
}

import type { Requests, SkipCode, Skipped } from '../contracts/jobs';
import { RunProgress, type ProgressSnapshot } from '../core/runner/run-progress';

/**
 * One command may take several runs, as each outage of S3 ends one: their counters as those of one. But what failed is counted
 * by the present run alone: each run tries the same files again, and a file may be done after all.
 */
export class RunTotals {
  #before = new RunProgress().snapshot();
  #now = this.#before;
  #failedBefore = 0;

  /** @returns the sum, with the present run's counters as they are now */
  update(now: ProgressSnapshot): ProgressSnapshot {
    this.#now = now;
    return this.sum;
  }

  /** The present run has ended; the next one counts from nothing. */
  nextRun(): ProgressSnapshot {
    this.#before = this.sum;
    this.#failedBefore += this.#now.failed;
    this.#now = new RunProgress().snapshot();
    return this.#before;
  }

  /** Attempts that failed, of all runs: no fewer than files that did. */
  get failedAttempts(): number {
    return this.#failedBefore + this.#now.failed;
  }

  get sum(): ProgressSnapshot {
    const [before, now] = [this.#before, this.#now];
    const done = before.done + now.done;
    const bytesDone = before.bytesDone + now.bytesDone;
    return {
      done,
      failed: now.failed,
      bytesDone,
      // a run that has only begun does not know yet what is left
      total: Math.max(before.total, before.done + now.total),
      bytesTotal: Math.max(before.bytesTotal, before.bytesDone + now.bytesTotal),
      requests: addRequests(before.requests, now.requests),
      skipped: addSkipped(before.skipped, now.skipped),
    };
  }
}

function addRequests(a: Requests, b: Requests): Requests {
  return { list: a.list + b.list, head: a.head + b.head, get: a.get + b.get, put: a.put + b.put, delete: a.delete + b.delete };
}

function addSkipped(a: readonly Skipped[], b: readonly Skipped[]): Skipped[] {
  const sums = new Map<SkipCode, Skipped>();
  for (const { code, count, bytes } of [...a, ...b]) {
    const before = sums.get(code) ?? { code, count: 0, bytes: 0 };
    sums.set(code, { code, count: before.count + count, bytes: before.bytes + bytes });
  }
  return [...sums.values()];
}

import type { Requests, SkipCode, Skipped } from '../contracts/jobs';
import { RunProgress, type ProgressSnapshot } from '../core/runner/run-progress';

/**
 * Adds up the counters of several runs: each outage of S3 ends a run, so one command may need several. Only the present run counts failed
 * files, because each run tries the same files again, and a failed file may still succeed.
 */
export class RunTotals {
  #before = new RunProgress().snapshot();
  #now = this.#before;
  #failedBefore = 0;

  /** Sets the counters of the present run. @returns the sum over all runs */
  update(now: ProgressSnapshot): ProgressSnapshot {
    this.#now = now;
    return this.sum;
  }

  /** Ends the present run; the next one counts from zero. */
  nextRun(): ProgressSnapshot {
    this.#before = this.sum;
    this.#failedBefore += this.#now.failed;
    this.#now = new RunProgress().snapshot();
    return this.#before;
  }

  /** Number of failed attempts in all runs, which is at least the number of failed files. */
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

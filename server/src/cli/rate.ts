import type { ProgressSnapshot } from '../core/runner/run-progress';

/** The rate is that of the last seconds, in milliseconds; of less than the shortest nothing can be told. */
const WINDOW_MS = 20_000;
const SHORTEST_MS = 2_000;

export interface Rate {
  readonly perSecond: number;
  readonly bytesPerSecond: number;
  /** Null: it stands still. */
  readonly secondsLeft: number | null;
}

interface Sample {
  readonly at: number;
  readonly done: number;
  readonly bytes: number;
}

/** How fast a run goes now, from what it has told so far. */
export class RateMeter {
  #samples: Sample[] = [];

  add(progress: ProgressSnapshot, at: number): void {
    const { done, failed, bytesDone } = progress;
    this.#samples = [...this.#samples.filter((sample) => at - sample.at <= WINDOW_MS), { at, done: done + failed, bytes: bytesDone }];
  }

  /** Null while it is too early to tell. */
  rate(progress: ProgressSnapshot): Rate | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < SHORTEST_MS) return null;
    const seconds = (last.at - first.at) / 1000;
    const perSecond = (last.done - first.done) / seconds;
    const bytesPerSecond = (last.bytes - first.bytes) / seconds;
    // the slower of the two: small files cost requests, large ones bytes
    const left = Math.max(
      timeFor(progress.total - progress.done - progress.failed, perSecond),
      timeFor(progress.bytesTotal - progress.bytesDone, bytesPerSecond),
    );
    return { perSecond, bytesPerSecond, secondsLeft: Number.isFinite(left) ? left : null };
  }
}

function timeFor(amount: number, perSecond: number): number {
  return amount <= 0 ? 0 : amount / perSecond;
}

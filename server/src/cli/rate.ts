import type { ProgressSnapshot } from '../core/runner/run-progress';

/** Time over which the rate is measured, and the shortest time that allows a rate (ms). */
const WINDOW_MS = 20_000;
const SHORTEST_MS = 2_000;

export interface Rate {
  readonly perSecond: number;
  readonly bytesPerSecond: number;
  /** Seconds left; null while nothing moves. */
  readonly secondsLeft: number | null;
}

interface Sample {
  readonly at: number;
  readonly done: number;
  readonly bytes: number;
}

/** Measures the present speed of a run by the progress that it reported. */
export class RateMeter {
  #samples: Sample[] = [];

  add(progress: ProgressSnapshot, at: number): void {
    const { done, failed, bytesDone } = progress;
    this.#samples = [...this.#samples.filter((sample) => at - sample.at <= WINDOW_MS), { at, done: done + failed, bytes: bytesDone }];
  }

  /** Returns the rate; null while it is too early to tell. */
  rate(progress: ProgressSnapshot): Rate | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < SHORTEST_MS) return null;
    const seconds = (last.at - first.at) / 1000;
    const perSecond = (last.done - first.done) / seconds;
    const bytesPerSecond = (last.bytes - first.bytes) / seconds;
    // the slower of the two counts: small files cost requests, large files bytes
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

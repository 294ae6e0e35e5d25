import type { Clock } from '../clock';

export interface AdaptiveLimitOptions {
  readonly clock: Pick<Clock, 'elapsed'>;
  /** Largest number of works at once. */
  readonly ceiling: number;
  /** Returns the time at which S3 last asked to slow down, by `elapsed` of the clock; -Infinity where it never has. */
  throttledAt(): number;
}

/** Number of works at the beginning. Most buckets take this many well, and a machine with two cores is busy with them. */
const FIRST = 4;
/** Shortest time over which works are counted before their number changes, in milliseconds. */
const WINDOW_MS = 1_000;
/** The rate must grow by this factor to justify half as many works again. */
const GAIN = 1.1;
/** Time until more works are tried again after they brought no gain, in milliseconds. */
const AGAIN_MS = 30_000;
/** Time for which the number of works stays low after S3 asked to slow down, in milliseconds. */
const CALM_MS = 10_000;

/** Counts works since a time, by `elapsed` of the clock: those that ended, those of them that failed, and those that ended while another one waited. */
const windowFrom = (from: number) => ({ from, ended: 0, failed: 0, withQueue: 0 });

/**
 * Returns a function that runs as many works at once as pay, up to a ceiling. The others wait for their turn, in the order in which they
 * came. The number grows by half as long as more works end per second because of it, and falls by half when S3 asks to slow down. While a
 * work fails, or hardly any work waits, it does not grow: neither says anything about the number.
 */
export function adaptiveLimit({ clock, ceiling, throttledAt }: AdaptiveLimitOptions): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  const begunAt = clock.elapsed();
  let atOnce = Math.min(FIRST, ceiling);
  let running = 0;
  let window = windowFrom(begunAt);
  /** The last growth, until it is known whether it paid: the number and the rate before it. */
  let growth: { atOnce: number; rate: number } | undefined;
  let fellAt = begunAt - WINDOW_MS;
  let steadyUntil = -Infinity;

  const set = (next: number, steadyMs: number): void => {
    const now = clock.elapsed();
    atOnce = next;
    steadyUntil = now + steadyMs;
    window = windowFrom(now);
  };
  const judge = (): void => {
    const now = clock.elapsed();
    // the requests that were under way during a fall may still be refused because of the number before it
    if (throttledAt() > fellAt + WINDOW_MS) {
      fellAt = now;
      growth = undefined;
      set(Math.max(1, Math.floor(atOnce / 2)), CALM_MS);
      return;
    }
    const { from, ended, failed, withQueue } = window;
    if (now - from < WINDOW_MS || ended < 2 * atOnce) return;
    const rate = ended / (now - from);
    const before = growth;
    growth = undefined;
    if (before && (failed > 0 || rate < before.rate * GAIN)) set(before.atOnce, AGAIN_MS);
    else if (failed === 0 && withQueue >= ended / 2 && atOnce < ceiling && now >= steadyUntil) {
      growth = { atOnce, rate };
      set(Math.min(ceiling, atOnce + Math.ceil(atOnce / 2)), 0);
    } else window = windowFrom(now);
  };
  const letIn = (): void => {
    while (running < atOnce && waiting.length > 0) {
      running++;
      waiting.shift()?.();
    }
  };

  return async (work) => {
    if (running < atOnce && waiting.length === 0) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } catch (error) {
      window.failed++;
      throw error;
    } finally {
      running--;
      window.ended++;
      if (waiting.length > 0) window.withQueue++;
      judge();
      letIn();
    }
  };
}

import type { Clock } from '../../server/src/core/clock';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  /** The sleeps asked for, in milliseconds, in order. */
  readonly sleeps: number[] = [];
  private sleepers: Sleeper[] = [];

  /** @param randoms answered in turn, the last one for ever */
  constructor(
    private time = 1_000_000,
    private readonly randoms: number[] = [0.5],
  ) {}

  now(): number {
    return this.time;
  }

  elapsed(): number {
    return this.time;
  }

  random(): number {
    return this.randoms.length > 1 ? this.randoms.shift()! : this.randoms[0]!;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.sleeps.push(ms);
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const sleeper = { at: this.time + ms, wake: resolve };
      this.sleepers.push(sleeper);
      signal?.addEventListener(
        'abort',
        () => {
          this.sleepers = this.sleepers.filter((other) => other !== sleeper);
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }

  /** The number of sleepers. */
  get sleeping(): number {
    return this.sleepers.length;
  }

  /** Moves time, wakes all sleepers in order, and lets their work come to rest. */
  async advance(ms: number): Promise<void> {
    const until = this.time + ms;
    for (;;) {
      await settle();
      const next = this.sleepers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.sleepers = this.sleepers.filter((other) => other !== next);
      this.time = Math.max(this.time, next.at);
      next.wake();
    }
    this.time = until;
    await settle();
  }
}

/** Lets all promises that can go on do so. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

import type { Clock } from '../../clock';

const STOPPED = 'stopped';

/** Watches one wait at a time, and calls `bite` once, when a wait lasts too long. */
export class Watchdog {
  /** The beginning of the present wait, by `elapsed` of the clock, and its limit in milliseconds; null while nobody waits. */
  private wait: { since: number; limitMs: number } | null = null;
  private readonly stopped = new AbortController();
  private running = false;

  constructor(
    private readonly clock: Clock,
    private readonly bite: () => void,
  ) {}

  /**
   * Begins a new wait of at most `limitMs` milliseconds, which replaces the one before. The caller calls it when something, or a part of
   * it, has come. When the limit is shorter than the one before, the bite may come late: as late as the former limit would allow.
   */
  expect(limitMs: number): void {
    this.wait = { since: this.clock.elapsed(), limitMs };
    if (!this.running && !this.stopped.signal.aborted) {
      this.running = true;
      void this.run(limitMs);
    }
  }

  /** Ends the wait, because nothing is expected at the moment. */
  rest(): void {
    this.wait = null;
  }

  stop(): void {
    this.wait = null;
    // the default reason would be an error with a stack, made for each request
    this.stopped.abort(STOPPED);
  }

  /** Runs one timer for all waits, and sets it anew only when it has run out, because a wait begins with every chunk of a body. */
  private async run(firstMs: number): Promise<void> {
    let sleepMs = firstMs;
    for (;;) {
      try {
        await this.clock.sleep(sleepMs, this.stopped.signal);
      } catch {
        return; // the watchdog was stopped; this sleep rejects for no other reason
      }
      if (!this.wait) {
        // the next `expect` starts another run
        this.running = false;
        return;
      }
      const leftMs = this.wait.since + this.wait.limitMs - this.clock.elapsed();
      if (leftMs <= 0) {
        this.stop();
        this.bite();
        return;
      }
      sleepMs = leftMs;
    }
  }
}

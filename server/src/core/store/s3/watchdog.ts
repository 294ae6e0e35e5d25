import type { Clock } from '../../clock';

const STOPPED = 'stopped';

/** Watches one wait at a time and calls `bite` once, when one lasts too long. */
export class Watchdog {
  /** When the present wait began and how long it may last; null while nothing is waited for. */
  private wait: { since: number; limitMs: number } | null = null;
  private readonly stopped = new AbortController();
  private running = false;

  constructor(
    private readonly clock: Clock,
    private readonly bite: () => void,
  ) {}

  /**
   * A new wait begins, and takes the place of the one before: what was waited for came, or a part of it. A shorter limit
   * than that of the wait before is kept only as exactly as that one.
   */
  expect(limitMs: number): void {
    this.wait = { since: this.clock.elapsed(), limitMs };
    if (!this.running && !this.stopped.signal.aborted) {
      this.running = true;
      void this.run(limitMs);
    }
  }

  /** Nothing is waited for: it is the other side's turn. */
  rest(): void {
    this.wait = null;
  }

  stop(): void {
    this.wait = null;
    // with a reason of our own: the default is an error with a stack, for each request
    this.stopped.abort(STOPPED);
  }

  /** One timer for all waits, set anew only when it has run out: a wait begins with every chunk of a body. */
  private async run(firstMs: number): Promise<void> {
    let sleepMs = firstMs;
    for (;;) {
      try {
        await this.clock.sleep(sleepMs, this.stopped.signal);
      } catch {
        return; // stopped: the only reason for which this sleep rejects
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

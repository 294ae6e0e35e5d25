import type { Logger } from './log';
import { codeOf, described } from './errors';

/**
 * Runs a piece of background work again and again: at once when woken, and otherwise after a pause; never twice at a
 * time. It lives in the context it was started in, so a wake-up from inside a request (or its database transaction)
 * does not carry that context into the work.
 */
export class Worker {
  readonly #stopped = new AbortController();
  #wake: () => void = () => undefined;
  #woken = false;
  #running: Promise<void> | undefined;
  /** Those who wait for a run that has not begun yet. */
  #awaited: (() => void)[] = [];

  constructor(
    readonly name: string,
    private readonly pauseMs: () => number,
    /** `woken`: this run is not only due. */
    private readonly work: (signal: AbortSignal, woken: boolean) => Promise<unknown>,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.#running ??= this.#loop();
  }

  /** Makes the next run begin now, or right after the one under way. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Resolves when a run that begins after this call has ended, however it did; at once where the worker does not run. */
  async runNow(): Promise<void> {
    if (!this.#running || this.#stopped.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#awaited.push(resolve);
      this.wake();
    });
  }

  /** Aborts the work under way and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake();
    await this.#running;
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const woken = this.#woken;
      this.#woken = false;
      const awaiting = this.#awaited.splice(0);
      try {
        await this.work(signal, woken);
      } catch (error) {
        // nothing is lost: the work is in the ledger, and the next run finds it there
        if (!signal.aborted) this.log.error(`${this.name} stopped early (${codeOf(error)}): ${described(error)}`);
      }
      for (const resolve of awaiting) resolve();
      if (!this.#woken && !signal.aborted) await this.#pause();
    }
    for (const resolve of this.#awaited) resolve();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.pauseMs());
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

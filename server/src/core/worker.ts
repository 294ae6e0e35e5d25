import type { Logger } from './log';
import { codeOf, described } from './errors';

/**
 * Runs a piece of background work again and again: at once after a wake-up, and otherwise after a pause. Two runs never overlap. The
 * work keeps the asynchronous context in which the worker started, so that a wake-up from inside a request (or its database
 * transaction) does not carry that context into the work.
 */
export class Worker {
  readonly #stopped = new AbortController();
  #wake: () => void = () => undefined;
  #woken = false;
  #running: Promise<void> | undefined;
  /** Callbacks of callers that wait for the next run. */
  #awaited: (() => void)[] = [];

  constructor(
    readonly name: string,
    private readonly pauseMs: () => number,
    /** `woken`: somebody asked for this run; otherwise the pause is over. */
    private readonly work: (signal: AbortSignal, woken: boolean) => Promise<unknown>,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.#running ??= this.#loop();
  }

  /** Makes the next run begin now, or right after the present one. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Resolves when a run that begins after this call has ended, with or without an error. It resolves at once if the worker is not running. */
  async runNow(): Promise<void> {
    if (!this.#running || this.#stopped.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#awaited.push(resolve);
      this.wake();
    });
  }

  /** Aborts the present run and resolves when it has ended. */
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
        // nothing is lost: the ledger knows the work, and the next run finds it there
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

export interface PollerParts {
  /** Asks once; true while something goes on that is worth asking for more often. Never rejects. */
  ask: () => Promise<boolean>;
  hidden: () => boolean;
  setTimer: (callback: () => void, ms: number) => unknown;
  clearTimer: (timer: unknown) => void;
}

export const BUSY_MS = 2_000;
export const CALM_MS = 10_000;

/**
 * Asks again and again while the page is looked at: the next time counts from the last answer, so that a slow server is never
 * asked twice at once. Hidden, it rests; shown again, it asks at once.
 */
export class Poller {
  readonly #parts: PollerParts;
  #timer: unknown = null;
  #asking = false;
  #again = false;
  #ended = false;

  constructor(parts: PollerParts) {
    this.#parts = parts;
  }

  /** Asks now; while an answer is awaited, once more after it, as that one may be of before. */
  async now(): Promise<void> {
    if (this.#ended || this.#parts.hidden()) return;
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#rest();
    this.#asking = true;
    let busy = false;
    do {
      this.#again = false;
      busy = await this.#parts.ask();
    } while (this.#again && !this.#ended && !this.#parts.hidden());
    this.#asking = false;
    if (!this.#ended && !this.#parts.hidden()) {
      this.#timer = this.#parts.setTimer(() => void this.now(), busy ? BUSY_MS : CALM_MS);
    }
  }

  /** To be told of every change of the page between hidden and shown. */
  visibilityChanged(): void {
    if (this.#parts.hidden()) this.#rest();
    else void this.now();
  }

  end(): void {
    this.#ended = true;
    this.#rest();
  }

  #rest(): void {
    if (this.#timer !== null) this.#parts.clearTimer(this.#timer);
    this.#timer = null;
  }
}

import type { Clock } from '../clock';
import { StorageError } from '../errors';

/** How long a visitor waits for the database, in milliseconds: longer than a busy one takes, shorter than a visitor stays. */
export const DATABASE_TIMEOUT_MS = 5_000;
/** While the database is silent, how often a question is let through that tells whether it is back, in milliseconds. */
const PROBE_EVERY_MS = 1_000;

/**
 * Bounds how long visitors wait for the database. Where its packets are dropped a query ends after minutes, and so many visitors would
 * wait, each with a connection of the pool. Once a question was not answered in time, others are refused at once until one is answered;
 * one a second is asked to find that out.
 */
export class DatabaseTimeout {
  /** When the next question is let through; undefined while the database answers. */
  #nextAt: number | undefined;

  constructor(
    private readonly clock: Pick<Clock, 'elapsed' | 'sleep'>,
    private readonly timeoutMs = DATABASE_TIMEOUT_MS,
  ) {}

  /** @throws StorageError UNAVAILABLE when the database has not answered in time; else whatever the question throws */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#nextAt !== undefined) {
      if (this.clock.elapsed() < this.#nextAt) throw this.#silence();
      this.#nextAt = this.clock.elapsed() + PROBE_EVERY_MS;
    }
    const settled = new AbortController();
    const answer = question().then((found) => {
      // also one that comes late, after its visitor was sent away
      this.#nextAt = undefined;
      return found;
    });
    // and a moment more: after something has held this process up, an answer may have arrived that it has yet to look at
    const over = this.clock.sleep(this.timeoutMs, settled.signal).then(() => this.clock.sleep(0, settled.signal));
    const tooLate = over.then(() => {
      this.#nextAt = this.clock.elapsed() + PROBE_EVERY_MS;
      throw this.#silence();
    });
    try {
      return await Promise.race([answer, tooLate]);
    } finally {
      settled.abort();
    }
  }

  #silence(): StorageError {
    return new StorageError('UNAVAILABLE', { operation: 'look up', detail: `the database did not answer within ${this.timeoutMs} ms` });
  }
}

import type { Clock } from '../clock';
import { StorageError } from '../errors';

/** Longest time that a visitor waits for the database, in milliseconds: longer than a busy database takes, shorter than a visitor stays. */
export const DATABASE_TIMEOUT_MS = 5_000;
/** Interval of the questions that find out whether a silent database answers again, in milliseconds. */
const PROBE_EVERY_MS = 1_000;

/**
 * Bounds how long visitors wait for the database. If the network drops its packets, a query ends only after minutes, and each waiting
 * visitor would hold a connection of the pool. After one question without an answer in time, this class refuses further questions at
 * once until the database answers again. To find that out it lets one question a second through.
 */
export class DatabaseTimeout {
  /** Time at which the next question may pass, by the clock's `elapsed`; undefined while the database answers. */
  #nextAt: number | undefined;

  constructor(
    private readonly clock: Pick<Clock, 'elapsed' | 'sleep'>,
    private readonly timeoutMs = DATABASE_TIMEOUT_MS,
  ) {}

  /** @throws StorageError UNAVAILABLE if the database does not answer in time; or the error of the question itself */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#nextAt !== undefined) {
      if (this.clock.elapsed() < this.#nextAt) throw this.#silence();
      this.#nextAt = this.clock.elapsed() + PROBE_EVERY_MS;
    }
    const ended = new AbortController();
    const answer = question().then((found) => {
      // an answer counts even if it comes after its visitor got an error
      this.#nextAt = undefined;
      return found;
    });
    // it waits one more moment: if this process stood still, an answer may have arrived that it has not seen yet
    const over = this.clock.sleep(this.timeoutMs, ended.signal).then(() => this.clock.sleep(0, ended.signal));
    const tooLate = over.then(() => {
      this.#nextAt = this.clock.elapsed() + PROBE_EVERY_MS;
      throw this.#silence();
    });
    try {
      return await Promise.race([answer, tooLate]);
    } finally {
      ended.abort();
    }
  }

  #silence(): StorageError {
    return new StorageError('UNAVAILABLE', { operation: 'look up', detail: `the database did not answer within ${this.timeoutMs} ms` });
  }
}

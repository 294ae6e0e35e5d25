import type { Clock } from '../../core/clock';

/** Pause between two looks at the count, in milliseconds. */
const LOOK_MS = 20;
/** Time without any reading after which a reader counts as gone, in milliseconds. */
const GONE_MS = 10_000;
/** Time without any reading in which Strapi writes what it has taken, in milliseconds. Its streams buffer some megabytes of many files. */
const WRITTEN_MS = 2_000;

/** Counts the bytes that an export was given and has not taken yet. Strapi asks for dozens of files before it has written the first. */
export class UnreadBytes {
  readonly #files = new Map<object, number>();
  #takenAt: number;

  constructor(private readonly clock: Pick<Clock, 'elapsed' | 'sleep'>) {
    this.#takenAt = clock.elapsed();
  }

  /** Passes the pieces of a file of `size` bytes on, and counts them. */
  async *counted(size: number, pieces: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
    const file = {};
    this.#files.set(file, size);
    try {
      let left = size;
      for await (const piece of pieces) {
        left -= piece.length;
        if (this.#files.has(file)) this.#files.set(file, left);
        this.#takenAt = this.clock.elapsed();
        yield piece;
      }
    } finally {
      this.#files.delete(file);
    }
  }

  /** Resolves when at most `bytes` bytes are unread, or when nobody reads any more. */
  async atMost(bytes: number): Promise<void> {
    while (this.#unread() > bytes) await this.clock.sleep(LOOK_MS);
  }

  /** Resolves when all that was given out is read, and Strapi has had the time to write it. */
  async written(): Promise<void> {
    while (this.#unread() > 0 || this.clock.elapsed() - this.#takenAt < WRITTEN_MS) await this.clock.sleep(LOOK_MS);
  }

  #unread(): number {
    if (this.clock.elapsed() - this.#takenAt > GONE_MS) this.#files.clear();
    let unread = 0;
    for (const left of this.#files.values()) unread += left;
    return unread;
  }
}

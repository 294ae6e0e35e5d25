/**
 * What readers may see, told from what the clients of the media library did and were answered, and from nothing that the
 * engine says of itself.
 */
import type { Life } from './scheduler';

/** A moment: the scheduler's step, and the time (milliseconds). */
export interface Moment {
  readonly step: number;
  readonly time: number;
}

/**
 * `acknowledged`: answered 200. `refused`: answered an error that says that nothing was changed. `unknown`: the client
 * was told nothing it could rely on, as after a crash or a lost COMMIT.
 */
export type Ending = 'acknowledged' | 'refused' | 'unknown';

/** One upload, replace, import (which give a file new bytes) or delete (which takes it away). */
export interface Write {
  readonly id: number;
  readonly file: string;
  readonly kind: 'content' | 'delete';
  /** What its client asked for: `replace`, say. */
  readonly request: string;
  readonly life: Life;
  readonly begun: Moment;
  /** Undefined while it is under way. */
  ended?: Moment & { readonly as: Ending };
  /** When its process was done with it, which a client that gave up has not waited for. */
  over?: Moment;
}

/** Longest time for which another process may go on serving what it knew, in milliseconds (promise P2 in `docs/design.md`). */
export const STALE_MS = 2_000;

export class Writes {
  readonly #all: Write[] = [];

  begin(file: string, kind: Write['kind'], request: string, life: Life, begun: Moment): Write {
    const write: Write = { id: this.#all.length + 1, file, kind, request, life, begun };
    this.#all.push(write);
    return write;
  }

  get(id: number): Write | undefined {
    return this.#all[id - 1];
  }

  /** Whether a reader that asked at `asked` and was served at `served` may have seen this write's outcome. */
  mayBeSeen(write: Write, reader: Life | null, asked: Moment, served: Moment): boolean {
    if (write.begun.step > served.step || write.ended?.as === 'refused') return false;
    return !this.#all.some((later) => later !== write && later.file === write.file && follows(later, write) && isVisible(later, reader, asked));
  }

  /** Writes that a reader may see the outcome of. */
  visible(file: string, reader: Life | null, asked: Moment, served: Moment): Write[] {
    return this.#all.filter((write) => write.file === file && this.mayBeSeen(write, reader, asked, served));
  }

  /** A process has crashed: nobody was told how its writes ended. */
  endLife(life: Life, at: Moment): void {
    for (const write of this.#all) {
      if (write.life !== life) continue;
      write.ended ??= { ...at, as: 'unknown' };
      write.over ??= at;
    }
  }

  underWay(file: string): boolean {
    return this.#all.some((write) => write.file === file && !write.ended);
  }

  /** Other writes of the same file that were under way at some time of this one. */
  meeting(write: Write): Write[] {
    const endsAfter = (other: Write) => other.over === undefined || other.over.step >= write.begun.step;
    return this.#all.filter((other) => other !== write && other.file === write.file && endsAfter(other) && other.begun.step <= (write.over?.step ?? Infinity));
  }

  get total(): number {
    return this.#all.length;
  }

  get all(): readonly Write[] {
    return this.#all;
  }

  ofEnding(as: Ending): Write[] {
    return this.#all.filter((write) => write.ended?.as === as);
  }
}

/** Wholly after another one: whoever sees it must not see the other one any more. */
function follows(later: Write, write: Write): boolean {
  return write.ended !== undefined && later.begun.step > write.ended.step;
}

/** Acknowledged so early that the reader has to know of it. `null`: the database itself, which knows at once. */
function isVisible({ ended, life }: Write, reader: Life | null, asked: Moment): boolean {
  if (ended?.as !== 'acknowledged' || ended.step > asked.step) return false;
  return reader === null || reader === life || ended.time + STALE_MS <= asked.time;
}

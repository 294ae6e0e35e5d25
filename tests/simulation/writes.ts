/**
 * Derives what readers may see from the requests of the media library's clients and the answers to them, and from nothing that the
 * engine says of itself.
 */
import type { Life } from './scheduler';

/** A moment: the scheduler's step, and the time in milliseconds. */
export interface Moment {
  readonly step: number;
  readonly time: number;
}

/**
 * A write that is `acknowledged` was answered with 200. The answer to one that is `refused` says that nothing was changed. Where the
 * ending is `unknown`, the client got no answer it could rely on, as after a crash or a lost COMMIT.
 */
export type Ending = 'acknowledged' | 'refused' | 'unknown';

/** One upload, replace, import (which give a file new bytes) or delete (which takes it away). */
export interface Write {
  readonly id: number;
  readonly file: string;
  readonly kind: 'content' | 'delete';
  /** The client's request, for example `replace`. */
  readonly request: string;
  readonly life: Life;
  readonly begun: Moment;
  /** Undefined while it is under way. */
  ended?: Moment & { readonly as: Ending };
  /** The moment at which its process was done with it. A client that gave up has not waited for that. */
  over?: Moment;
}

/** The longest time for which another process may go on serving what it knew, in milliseconds (promise P2 in `docs/design.md`). */
export const STALE_MS = 2_000;

export class Writes {
  readonly #all: Write[] = [];
  readonly #byId = new Map<number, Write>();

  /** @param nextId draws an id, which no other server draws */
  constructor(private readonly nextId: () => number) {}

  /** Returns the writes as a copy of their server knows them at that moment: nobody tells it how those end that are under way. */
  copy(at: Moment): Writes {
    const copy = new Writes(this.nextId);
    for (const write of this.#all) copy.#add({ ...write, ended: write.ended ?? { ...at, as: 'unknown' }, over: write.over ?? at });
    return copy;
  }

  begin(file: string, kind: Write['kind'], request: string, life: Life, begun: Moment): Write {
    return this.#add({ id: this.nextId(), file, kind, request, life, begun });
  }

  get(id: number): Write | undefined {
    return this.#byId.get(id);
  }

  /** Whether a reader that asked at `asked` and was served at `served` may have seen this write's outcome. */
  mayBeSeen(write: Write, reader: Life | null, asked: Moment, served: Moment): boolean {
    if (write.begun.step > served.step || write.ended?.as === 'refused') return false;
    return !this.#all.some((later) => later !== write && later.file === write.file && follows(later, write) && isVisible(later, reader, asked));
  }

  /** Writes whose outcome a reader may see. */
  visible(file: string, reader: Life | null, asked: Moment, served: Moment): Write[] {
    return this.#all.filter((write) => write.file === file && this.mayBeSeen(write, reader, asked, served));
  }

  /** Ends the writes of a process that has crashed: nobody was told how they ended. */
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

  /** Other writes of the same file that were under way at the same time as this one. */
  meeting(write: Write): Write[] {
    const endsAfter = (other: Write) => other.over === undefined || other.over.step >= write.begun.step;
    return this.#all.filter((other) => other !== write && other.file === write.file && endsAfter(other) && other.begun.step <= (write.over?.step ?? Infinity));
  }

  get all(): readonly Write[] {
    return this.#all;
  }

  #add(write: Write): Write {
    this.#all.push(write);
    this.#byId.set(write.id, write);
    return write;
  }

  ofEnding(as: Ending): Write[] {
    return this.#all.filter((write) => write.ended?.as === as);
  }
}

/** Whether one write began after the other one had ended. A reader that sees it must not see the other one any more. */
function follows(later: Write, write: Write): boolean {
  return write.ended !== undefined && later.begun.step > write.ended.step;
}

/** Whether a write was acknowledged so early that the reader must know of it. A `null` reader is the database, which knows at once. */
function isVisible({ ended, life }: Write, reader: Life | null, asked: Moment): boolean {
  if (ended?.as !== 'acknowledged' || ended.step > asked.step) return false;
  return reader === null || reader === life || ended.time + STALE_MS <= asked.time;
}

/**
 * Says which answers a read of one file may get. It knows only what the clients know: when they sent their writes, and when and how
 * those were answered. It does no I/O. All times are milliseconds of the clients' clock.
 */

export type Outcome = 'under-way' | 'acknowledged' | 'refused' | 'unknown' | 'superseded';

/** One write or delete. If the connection broke, the outcome is unknown, and the attempt ends with its process. */
export interface Attempt {
  readonly replica: string;
  readonly startedAt: number;
  endedAt: number;
  outcome: Outcome;
}

export type Answer =
  /** The write that the bytes come from, or null when they come from none. */
  | { kind: 'bytes'; version: number | null }
  | { kind: 'missing' };

export interface Read {
  readonly replica: string;
  readonly startedAt: number;
}

export class FileModel {
  /** The writes in the order in which they were sent. The index is the version. */
  readonly writes: Attempt[] = [];
  #removal: Attempt | undefined;

  /** @param lagMs how long after an acknowledgement another replica may still show the former bytes */
  constructor(private readonly lagMs = 0) {}

  /** Notes that a write was sent. @returns the version */
  write(replica: string, now: number): number {
    return this.writes.push({ replica, startedAt: now, endedAt: Infinity, outcome: 'under-way' }) - 1;
  }

  written(version: number, outcome: Outcome, now: number): void {
    Object.assign(this.#write(version), { outcome, endedAt: now });
  }

  remove(replica: string, now: number): void {
    this.#removal = { replica, startedAt: now, endedAt: Infinity, outcome: 'under-way' };
  }

  removed(outcome: Outcome, now: number): void {
    if (this.#removal) Object.assign(this.#removal, { outcome, endedAt: now });
  }

  /** Whether a delete was sent and not refused. */
  get mayBeGone(): boolean {
    return this.#removal !== undefined && this.#removal.outcome !== 'refused';
  }

  get isGone(): boolean {
    return this.#removal?.outcome === 'acknowledged';
  }

  /** Says why nobody should have got this answer, or null. Callers ask when the read has ended. */
  objection(read: Read, answer: Answer): string | null {
    if (answer.kind === 'missing') return this.mayBeGone ? null : 'a listed file is missing';
    if (answer.version === null) return 'bytes that nobody wrote';
    const seen = this.#write(answer.version);
    if (this.isGone && this.#isOver(this.#removal, read)) return 'the bytes of a deleted file';
    if (seen.outcome === 'refused') return `the bytes of version ${answer.version}, which was refused`;
    if (seen.outcome === 'superseded') return `the bytes of version ${answer.version} are back`;
    const later = this.writes.findIndex(
      (write) => write.outcome === 'acknowledged' && write.startedAt > seen.endedAt && this.#isOver(write, read),
    );
    return later < 0 ? null : `stale: version ${answer.version}, though version ${later} was acknowledged ${Math.round(read.startedAt - this.#write(later).endedAt)} ms before`;
  }

  /** Settles on this answer while nothing is under way: every other answer that was possible is wrong from now on. */
  settle(answer: Answer): void {
    if (answer.kind === 'missing') return this.removed('acknowledged', this.#removal?.startedAt ?? 0);
    if (this.#removal?.outcome !== 'acknowledged') this.#removal = undefined;
    this.writes.forEach((write, version) => {
      if (version === answer.version) write.outcome = 'acknowledged';
      else if (write.outcome !== 'refused') write.outcome = 'superseded';
    });
  }

  /** Whether a reader must know of an acknowledged attempt. */
  #isOver(attempt: Attempt | undefined, read: Read): boolean {
    return attempt !== undefined && attempt.endedAt + (attempt.replica === read.replica ? 0 : this.lagMs) < read.startedAt;
  }

  #write(version: number): Attempt {
    const write = this.writes[version];
    if (!write) throw new Error(`there is no version ${version}`);
    return write;
  }
}

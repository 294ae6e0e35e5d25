/**
 * What a read of one file may answer, as its clients know it: from when they sent their writes, and when and how those
 * were answered. Pure; times are milliseconds of one clock, that of the clients.
 */

export type Outcome = 'under-way' | 'acknowledged' | 'refused' | 'unknown' | 'superseded';

/** One write or delete. Its outcome is unknown when the connection broke: then it ends with the process that had it. */
export interface Attempt {
  readonly replica: string;
  readonly startedAt: number;
  endedAt: number;
  outcome: Outcome;
}

export type Answer =
  /** Of which write the bytes are; null when they are of none. */
  | { kind: 'bytes'; version: number | null }
  | { kind: 'missing' };

export interface Read {
  readonly replica: string;
  readonly startedAt: number;
}

export class FileModel {
  /** In the order they were sent; the index is the version. */
  readonly writes: Attempt[] = [];
  #removal: Attempt | undefined;

  /** @param lagMs how long after an acknowledgement another replica may still show what was before */
  constructor(private readonly lagMs = 0) {}

  /** @returns the version */
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

  /** A delete was sent, and not refused. */
  get mayBeGone(): boolean {
    return this.#removal !== undefined && this.#removal.outcome !== 'refused';
  }

  get isGone(): boolean {
    return this.#removal?.outcome === 'acknowledged';
  }

  /** Why this answer must not have been given, or null. To be asked when the read has ended. */
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

  /** Nothing is under way, and this is what is there: whatever else it might have been, it is no more. */
  settle(answer: Answer): void {
    if (answer.kind === 'missing') return this.removed('acknowledged', this.#removal?.startedAt ?? 0);
    if (this.#removal?.outcome !== 'acknowledged') this.#removal = undefined;
    this.writes.forEach((write, version) => {
      if (version === answer.version) write.outcome = 'acknowledged';
      else if (write.outcome !== 'refused') write.outcome = 'superseded';
    });
  }

  /** Whether whoever reads must know of an acknowledged attempt. */
  #isOver(attempt: Attempt | undefined, read: Read): boolean {
    return attempt !== undefined && attempt.endedAt + (attempt.replica === read.replica ? 0 : this.lagMs) < read.startedAt;
  }

  #write(version: number): Attempt {
    const write = this.writes[version];
    if (!write) throw new Error(`there is no version ${version}`);
    return write;
  }
}

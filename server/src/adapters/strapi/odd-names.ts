import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../core/clock';
import { nameOf, oddNamesOf, type ListedFile, type ListedPart } from './library-names';

/**
 * Time after which the whole library is read again (ms): Strapi's own writes do not show a change that somebody makes in the database
 * behind Strapi's back.
 */
const RESCAN_AFTER_MS = 6 * 3600_000;
/**
 * Rows that changed up to this time before the last look are read again (ms): a transaction commits later than its rows say, and the clocks
 * of servers differ.
 */
const OVERLAP_MS = 10 * 60_000;
/**
 * A row that was read at least this time after its last change was read in its latest form (ms), because a further change would carry a
 * later time.
 */
const AT_REST_MS = 2_000;

/** The `files` table and the logos, as this module queries them. */
export interface LibrarySource {
  /** Returns the next files in the order of their ids. Fewer than `limit` files mean that there are no more. */
  page(after: number, limit: number): Promise<ListedFile[]>;
  /** Returns the files that Strapi wrote since then, and when (ms since the epoch). */
  changedSince(moment: Date): Promise<{ id: number; at: number }[]>;
  byIds(ids: readonly number[]): Promise<ListedFile[]>;
  logos(): Promise<readonly ListedPart[]>;
}

/**
 * The few names of a library to which its index on hashes does not lead, with the files that list them, and the names of the logos. This
 * reads the whole library once, and then only the changes.
 */
export class OddNames {
  #files = new Map<string, number[]>();
  #logos = new Set<string>();
  #maxId = 0;
  #scannedAt = -Infinity;
  #lookedAt = -Infinity;
  #since = new Date(0);
  /** Files of the overlap that were already read, each with the time of its change. */
  #read = new Map<number, number>();
  #isComplete = false;
  #rescan = false;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(
    private readonly source: LibrarySource,
    private readonly clock: Pick<Clock, 'now' | 'elapsed'>,
    private readonly pageSize: number,
  ) {}

  /** True once the whole library has been read. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Milliseconds since the last update, or the last attempt at one. */
  get ageMs(): number {
    return this.clock.elapsed() - this.#lookedAt;
  }

  /** Returns the files that listed the name when they were read. */
  filesOf(name: string): readonly number[] {
    return this.#files.get(name) ?? [];
  }

  isLogo(name: string): boolean {
    return this.#logos.has(name);
  }

  /** Brings the names up to date with everything that was committed before this call. @throws the database's error */
  refresh({ rescan = false } = {}): Promise<void> {
    this.#rescan ||= rescan;
    // a look under way may have missed the latest changes, so another one begins after it, for all who wait
    this.#next ??= this.#begin();
    return this.#next;
  }

  async #begin(): Promise<void> {
    await this.#running?.catch(() => undefined);
    this.#next = undefined;
    this.#running = this.#look();
    await this.#running;
  }

  async #look(): Promise<void> {
    const startedAt = this.clock.elapsed();
    const started = this.clock.now();
    const whole = this.#rescan || !this.#isComplete || startedAt - this.#scannedAt > RESCAN_AFTER_MS;
    this.#rescan = false;
    this.#lookedAt = startedAt;
    try {
      const names = new Set((await this.source.logos()).flatMap(nameOf));
      if (whole) await this.#scan();
      else await this.#follow();
      this.#logos = names;
    } catch (error) {
      this.#rescan ||= whole;
      throw error;
    }
    if (whole) this.#scannedAt = startedAt;
    this.#isComplete = true;
    this.#since = new Date(started - OVERLAP_MS);
  }

  async #scan(): Promise<void> {
    const files = new Map<string, number[]>();
    this.#maxId = await this.#readFrom(0, files);
    this.#files = files;
  }

  async #follow(): Promise<void> {
    this.#maxId = await this.#readFrom(this.#maxId, this.#files);
    const changed = await this.source.changedSince(this.#since);
    const unread = changed.filter(({ id, at }) => this.#read.get(id) !== at).map(({ id }) => id);
    const restedBefore = this.clock.now() - AT_REST_MS;
    for (let from = 0; from < unread.length; from += this.pageSize) {
      note(this.#files, await this.source.byIds(unread.slice(from, from + this.pageSize)));
      await setImmediate();
    }
    this.#read = new Map(changed.filter(({ at }) => at < restedBefore).map(({ id, at }) => [id, at]));
  }

  /** Reads all files with a larger id than `after`. @returns the largest id that it read */
  async #readFrom(after: number, into: Map<string, number[]>): Promise<number> {
    for (;;) {
      const page = await this.source.page(after, this.pageSize);
      note(into, page);
      after = page.at(-1)?.id ?? after;
      if (page.length < this.pageSize) return after;
      await setImmediate();
    }
  }
}

function note(into: Map<string, number[]>, files: readonly ListedFile[]): void {
  for (const file of files) {
    for (const name of oddNamesOf(file)) {
      const known = into.get(name);
      if (!known) into.set(name, [file.id]);
      else if (!known.includes(file.id)) known.push(file.id);
    }
  }
}

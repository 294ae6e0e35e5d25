import type { Clock } from '../clock';
import type { ObjectKey } from '../keys';
import type { MediaCatalog } from './catalog';
import { ROW_TTL_MS } from './row-cache';
import { Turns } from './turns';

/** How long "the library does not list this key" is believed (ms): unknown paths are cheap to ask for. */
const UNLISTED_TTL_MS = ROW_TTL_MS;
const MAX_UNLISTED = 10_000;
/** Few at once, as files that are known share the database with these questions. */
const QUESTIONS = { atOnce: 4, maxWaiting: 200, patienceMs: 2_000 };

/**
 * Asks the library, for visitors, whether it lists a key. That it does not is remembered for two seconds, also of a buried key;
 * that it does is not, as an editor may delete the file at any moment.
 */
export class UnlistedKeys {
  readonly #unlisted = new Map<ObjectKey, number>();
  readonly #turns: Turns;

  constructor(
    private readonly catalog: Pick<MediaCatalog, 'listed'>,
    private readonly clock: Clock,
  ) {
    this.#turns = new Turns(QUESTIONS, clock);
  }

  /**
   * @throws StorageError UNAVAILABLE when too many ask or only a first look at the whole library can tell, ABORTED when `signal`
   *   aborts before the question was asked; or whatever the library's database throws
   */
  async isListed(key: ObjectKey, signal?: AbortSignal): Promise<boolean> {
    if (this.remembersUnlisted(key)) return false;
    return this.#turns.run(async () => {
      // somebody else's question may have been answered while this one waited
      if (this.remembersUnlisted(key)) return false;
      // counted from before the question: its answer is as old as its start
      const until = this.clock.elapsed() + UNLISTED_TTL_MS;
      if ((await this.catalog.listed([key])).has(key)) return true;
      this.#unlisted.delete(key);
      if (this.#unlisted.size >= MAX_UNLISTED) this.#unlisted.delete(this.#unlisted.keys().next().value as ObjectKey);
      this.#unlisted.set(key, until);
      return false;
    }, signal);
  }

  /** The library was asked within the last two seconds, and did not list the key. */
  remembersUnlisted(key: ObjectKey): boolean {
    return (this.#unlisted.get(key) ?? 0) > this.clock.elapsed();
  }
}

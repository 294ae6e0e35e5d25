import type { Clock } from '../clock';
import type { ObjectKey } from '../keys';
import type { MediaCatalog } from './catalog';
import { ROW_TTL_MS } from './row-cache';
import { Turns } from './turns';

/** Time for which the answer "the library does not list this key" is remembered, in milliseconds. It makes requests for unknown paths cheap. */
const UNLISTED_TTL_MS = ROW_TTL_MS;
/** Greatest number of unlisted keys that are remembered. */
const MAX_UNLISTED = 10_000;
/** Limits of the questions to the library. Few run at once, because known files share the database with them. */
const QUESTIONS = { atOnce: 4, maxWaiting: 200, patienceMs: 2_000 };

/**
 * Asks the library on behalf of visitors whether it lists a key. It remembers a *no* for two seconds, also of a buried key. It does not
 * remember a *yes*, because an editor may delete the file at any moment.
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
   * @throws StorageError UNAVAILABLE if too many visitors ask, or only a first walk through the library can tell; ABORTED if `signal`
   *   aborts before the question was asked; or an error of the library's database
   */
  async isListed(key: ObjectKey, signal?: AbortSignal): Promise<boolean> {
    if (this.remembersUnlisted(key)) return false;
    return this.#turns.run(async () => {
      // the library may have answered the same question of another visitor while this one waited
      if (this.remembersUnlisted(key)) return false;
      // the time counts from before the question, because its answer is as old as its start
      const until = this.clock.elapsed() + UNLISTED_TTL_MS;
      if ((await this.catalog.listed([key])).has(key)) return true;
      this.#unlisted.delete(key);
      if (this.#unlisted.size >= MAX_UNLISTED) this.#unlisted.delete(this.#unlisted.keys().next().value as ObjectKey);
      this.#unlisted.set(key, until);
      return false;
    }, signal);
  }

  /** Whether the library was asked within the last two seconds and did not list the key. */
  remembersUnlisted(key: ObjectKey): boolean {
    return (this.#unlisted.get(key) ?? 0) > this.clock.elapsed();
  }
}

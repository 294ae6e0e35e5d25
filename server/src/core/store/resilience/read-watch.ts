import type { Clock } from '../../clock';
import { isStorageError, type StorageError } from '../../errors';
import { factsByReading } from '../first-byte';
import type { ObjectStore } from '../object-store';
import { layer } from './layer';

/** Objects that could be asked for as well, to learn whether one alone is refused or all are; of more than zero bytes. */
export type OtherObjects = () => Promise<readonly { readonly store: ObjectStore; readonly name: string }[]>;

export interface ReadWatchOptions {
  clock: Clock;
  others: OtherObjects;
  /** Whether S3 answers, as far as is known. */
  answers(): boolean;
  /** No object can be read, although S3 answers; at most once until `onReadable`. */
  onRefused(error: StorageError): void;
  /** Objects can be read again. */
  onReadable(): void;
  /** Others can be read, and this one cannot; at most once in a while for each. */
  onOneRefused(name: string, error: StorageError): void;
}

/** Where no other object can be asked for: how long the only one must have been refused, in milliseconds. */
const ALONE_MS = 20_000;
/** Between two looks whether one object is meant or all, in milliseconds. */
const LOOK_AGAIN_MS = 10_000;
/** While all are refused: the pauses between two questions whether they still are, in milliseconds. */
const ASK_AGAIN_MS = [5_000, 10_000, 20_000, 30_000] as const;
/** How long a word about one object is enough, in milliseconds. */
const TOLD_MS = 10 * 60_000;
const MAX_TOLD = 1_000;

/**
 * Notices that S3 refuses to give out what it stores (a key of KMS, a policy) while everything else works: nothing else would,
 * because such a refusal is an answer, and the breaker leaves S3 alone only where there is none. One object that is damaged or
 * archived is told apart by asking for others.
 */
export class ReadWatch {
  #refused = false;
  /** Since when nothing was read, by the clock's `elapsed`; undefined after a success. */
  #since: number | undefined;
  #lookedAt = -Infinity;
  #looking = false;
  readonly #told = new Map<string, number>();
  readonly #stopped = new AbortController();

  constructor(private readonly options: ReadWatchOptions) {}

  /** The store, whose reads are watched. */
  over(store: ObjectStore): ObjectStore {
    const get: ObjectStore['get'] = async (name, options) => {
      try {
        const stream = await store.get(name, options);
        this.#succeeded();
        return stream;
      } catch (error) {
        if (tells(error)) this.#failed({ store, name }, error);
        throw error;
      }
    };
    return layer(store, { get });
  }

  stop(): void {
    this.#stopped.abort();
  }

  #succeeded(): void {
    this.#since = undefined;
    if (!this.#refused) return;
    this.#refused = false;
    this.options.onReadable();
  }

  #failed(object: { store: ObjectStore; name: string }, error: StorageError): void {
    const now = this.options.clock.elapsed();
    this.#since ??= now;
    if (this.#refused || this.#looking || this.#stopped.signal.aborted || now - this.#lookedAt < LOOK_AGAIN_MS) return;
    this.#looking = true;
    this.#lookedAt = now;
    void this.#look(object, error).finally(() => (this.#looking = false));
  }

  async #look(object: { store: ObjectStore; name: string }, error: StorageError): Promise<void> {
    const { clock } = this.options;
    try {
      if (isArchived(error)) return this.#tellOf(object.name, error);
      let others = await this.#askOthers(object.name);
      if (others === 'unknown') {
        // the only one, as far as anybody knows: it is asked for again, and must be refused for long
        await clock.sleep(ALONE_MS, this.#stopped.signal);
        others = this.#since === undefined ? 'readable' : await this.#ask(object);
        if (others === 'readable') return;
      }
      if (others === 'readable') this.#tellOf(object.name, error);
      // where S3 is away as a whole, the breaker knows by now
      if (others !== 'refused' || !this.options.answers() || this.#stopped.signal.aborted) return;
      this.#refused = true;
      this.options.onRefused(error);
      void this.#untilReadable(object);
    } catch {
      // stopped, or the database is away: the next failure looks again
    }
  }

  async #untilReadable(object: { store: ObjectStore; name: string }): Promise<void> {
    const { clock } = this.options;
    for (let pause = 0; this.#refused; pause++) {
      try {
        await clock.sleep(ASK_AGAIN_MS[Math.min(pause, ASK_AGAIN_MS.length - 1)] ?? 0, this.#stopped.signal);
        // whoever reads in vain meanwhile learns nothing new
        if (this.#refused && (await this.#ask(object)) !== 'readable') await this.#askOthers(object.name);
      } catch {
        if (this.#stopped.signal.aborted) return;
      }
    }
  }

  async #askOthers(except: string): Promise<'readable' | 'refused' | 'unknown'> {
    let refused = false;
    for (const other of await this.options.others()) {
      if (other.name === except || this.#stopped.signal.aborted) continue;
      const answer = await this.#ask(other);
      if (answer === 'readable') return answer;
      refused ||= answer === 'refused';
    }
    return refused ? 'refused' : 'unknown';
  }

  /** One byte of it. A success counts like any other. */
  async #ask({ store, name }: { store: ObjectStore; name: string }): Promise<'readable' | 'refused' | 'unknown'> {
    try {
      await factsByReading(store, name, { signal: this.#stopped.signal });
      this.#succeeded();
      return 'readable';
    } catch (error) {
      return tells(error) ? 'refused' : 'unknown';
    }
  }

  #tellOf(name: string, error: StorageError): void {
    const now = this.options.clock.elapsed();
    if (now - (this.#told.get(name) ?? -Infinity) < TOLD_MS) return;
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.set(name, now);
    this.options.onOneRefused(name, error);
  }
}

/** S3 says itself that it means this object. */
function isArchived({ detail }: StorageError): boolean {
  return detail?.startsWith('InvalidObjectState') ?? false;
}

/** A failure with which S3, or whatever stands before it, keeps back what it has. */
function tells(error: unknown): error is StorageError {
  if (!isStorageError(error) || error.operation !== 'get') return false;
  return !isStorageError(error, 'OBJECT_NOT_FOUND', 'ABORTED', 'CIRCUIT_OPEN', 'THROTTLED', 'UNSUPPORTED', 'INVALID_KEY', 'BODY_FAILED', 'INTEGRITY', 'INTERNAL');
}

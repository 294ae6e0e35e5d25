import type { Clock } from '../../clock';
import { isStorageError, type StorageError } from '../../errors';
import { factsByReading } from '../first-byte';
import type { ObjectStore } from '../object-store';
import { layer } from './layer';

/** Returns other objects of at least one byte. Reading them shows whether S3 refuses one object or all of them. */
export type OtherObjects = () => Promise<readonly { readonly store: ObjectStore; readonly name: string }[]>;

export interface ReadWatchOptions {
  clock: Clock;
  others: OtherObjects;
  /** Returns whether S3 answers, as far as the caller knows. */
  answers(): boolean;
  /** The watch calls it when no object can be read, although S3 answers. It calls it at most once until `onReadable`. */
  onRefused(error: StorageError): void;
  /** The watch calls it when objects can be read again. */
  onReadable(): void;
  /** The watch calls it when S3 refuses this object alone. It calls it at most once in ten minutes for each object. */
  onOneRefused(name: string, error: StorageError): void;
}

/** Time for which S3 must have refused an object before it counts for all, where no other object can be read, in milliseconds. */
const ALONE_MS = 20_000;
/** Shortest time between two investigations whether S3 refuses one object or all, in milliseconds. */
const LOOK_AGAIN_MS = 10_000;
/** Pauses between two attempts to read while S3 refuses all objects, in milliseconds. */
const ASK_AGAIN_MS = [5_000, 10_000, 20_000, 30_000] as const;
/** Shortest time between two reports about one object, in milliseconds. */
const TOLD_MS = 10 * 60_000;
/** Largest number of objects whose last report is remembered. */
const MAX_TOLD = 1_000;

/**
 * Notices that S3 refuses to give out its objects (because of a KMS key or a policy) while everything else works. No other part
 * notices that: such a refusal is an answer, and the breaker opens only where there is none. The watch reads other objects as well, so
 * that it does not take one damaged or archived object for all.
 */
export class ReadWatch {
  #refused = false;
  /** Time of the first failed read since the last success, by `elapsed` of the clock; undefined after a success. */
  #since: number | undefined;
  #lookedAt = -Infinity;
  #looking = false;
  readonly #told = new Map<string, number>();
  readonly #stopped = new AbortController();

  constructor(private readonly options: ReadWatchOptions) {}

  /** Returns the store with its reads watched. */
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
        // other objects gave no verdict: S3 must still refuse this one after a while
        await clock.sleep(ALONE_MS, this.#stopped.signal);
        others = this.#since === undefined ? 'readable' : await this.#ask(object);
        if (others === 'readable') return;
      }
      if (others === 'readable') this.#tellOf(object.name, error);
      // where S3 is away as a whole, the breaker has noticed it by now
      if (others !== 'refused' || !this.options.answers() || this.#stopped.signal.aborted) return;
      this.#refused = true;
      this.options.onRefused(error);
      void this.#untilReadable(object);
    } catch {
      // the watch was stopped, or the database is away: the next failure starts another look
    }
  }

  async #untilReadable(object: { store: ObjectStore; name: string }): Promise<void> {
    const { clock } = this.options;
    for (let pause = 0; this.#refused; pause++) {
      try {
        await clock.sleep(ASK_AGAIN_MS[Math.min(pause, ASK_AGAIN_MS.length - 1)] ?? 0, this.#stopped.signal);
        // reads that fail meanwhile start no look of their own
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

  /** Reads one byte of an object. A success counts like any other. */
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

/** Whether S3 says that the refusal is for this object only. */
function isArchived({ detail }: StorageError): boolean {
  return detail?.startsWith('InvalidObjectState') ?? false;
}

/** Whether a failure means that S3, or a proxy in front of it, refuses to give out an object that it has. */
function tells(error: unknown): error is StorageError {
  if (!isStorageError(error) || error.operation !== 'get') return false;
  return !isStorageError(error, 'OBJECT_NOT_FOUND', 'ABORTED', 'CIRCUIT_OPEN', 'THROTTLED', 'UNSUPPORTED', 'INVALID_KEY', 'BODY_FAILED', 'INTEGRITY', 'INTERNAL');
}

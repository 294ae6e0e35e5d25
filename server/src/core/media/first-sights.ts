import { abandonable } from '../abandonable';
import type { ReadableBucket } from '../buckets/buckets';
import type { Clock } from '../clock';
import { isStorageError, StorageError } from '../errors';
import type { ObjectKey } from '../keys';
import type { LedgerWrites } from '../ledger/writes';
import type { ObjectFacts } from '../store/object-store';
import { adoptFrom } from './adoption';
import type { RowCache } from './row-cache';
import { Turns } from './turns';

/** Objects that are read at once, and how long a visitor waits for his turn. */
const READING = { atOnce: 4, maxWaiting: 200, patienceMs: 5_000 };
/** How long after a visitor was told to come back his file goes on being read (ms): longer than he is asked to wait. */
const LINGER_MS = 30_000;
/** How long a failure is believed (ms): other visitors would only find out the same. */
const FAILED_TTL_MS = 5_000;
/** How long what S3 has said of an object answers those who want no byte of it (ms). */
const SEEN_TTL_MS = 5_000;
const MAX_REMEMBERED = 1_000;

/** One visitor's part in a first sight. */
export interface Sight {
  /** What S3 said of the object; its bytes are not proven yet. */
  readonly facts: ObjectFacts;
  /** Resolves when the object was adopted, or was found to be out of place. @throws StorageError of S3's, or ABORTED */
  ended(): Promise<void>;
  /** To be called in any case. @param comesBack he was told to: the object goes on being read for a while */
  leave(comesBack: boolean): void;
}

interface Reading {
  readonly opened: Promise<ObjectFacts>;
  readonly ended: Promise<void>;
  readonly over: AbortController;
  visitors: number;
  lingersUntil: number;
}

/**
 * First reads of files that only the bucket has: each has to be read whole and adopted before a byte of it is served. All visitors
 * of a key share one reading, few keys are read at once, and a reading ends when its last visitor has gone.
 */
export class FirstSights {
  readonly #readings = new Map<ObjectKey, Reading>();
  readonly #failed = new Map<ObjectKey, number>();
  readonly #seen = new Map<ObjectKey, { facts: ObjectFacts; until: number }>();
  readonly #turns: Turns;

  constructor(
    private readonly ledger: Pick<LedgerWrites, 'adopt'>,
    private readonly rows: Pick<RowCache, 'forget'>,
    private readonly clock: Clock,
  ) {
    this.#turns = new Turns(READING, clock);
  }

  /** What S3 said when it opened the object a few seconds ago. */
  lately(key: ObjectKey): ObjectFacts | undefined {
    const seen = this.#seen.get(key);
    return seen && seen.until > this.clock.elapsed() ? seen.facts : undefined;
  }

  /**
   * Resolves when S3 has answered.
   * @throws StorageError UNAVAILABLE when too many objects are read already, or the last reading failed a moment ago; ABORTED when
   *   `signal` aborts; or whatever S3 says
   */
  async join(place: ReadableBucket, key: ObjectKey, signal?: AbortSignal): Promise<Sight> {
    if (signal?.aborted) throw aborted(key, signal);
    if ((this.#failed.get(key) ?? 0) > this.clock.elapsed()) {
      throw new StorageError('UNAVAILABLE', { operation: 'adopt', subject: key, detail: 'it could not be read a moment ago' });
    }
    const reading = this.#readings.get(key) ?? this.#begin(place, key);
    reading.visitors++;
    let isHere = true;
    const leave = (comesBack: boolean) => {
      if (!isHere) return;
      isHere = false;
      reading.visitors--;
      if (comesBack) this.#linger(key, reading);
      else this.#endUnwanted(key, reading);
    };
    const orGone = <T>(what: Promise<T>) => unlessGone(what, key, signal);
    try {
      return { facts: await orGone(reading.opened), ended: () => orGone(reading.ended), leave };
    } catch (error) {
      leave(false);
      throw error;
    }
  }

  #begin(place: ReadableBucket, key: ObjectKey): Reading {
    const over = new AbortController();
    const { signal } = over;
    let answered: (facts: ObjectFacts) => void = () => undefined;
    const answer = new Promise<ObjectFacts>((resolve) => (answered = resolve));
    const ended = this.#read(place, key, signal, answered);
    // without an answer it ends with what S3 says
    const opened = Promise.race([answer, ended.then(() => answer)]);
    const reading: Reading = { opened, ended, over, visitors: 0, lingersUntil: -Infinity };
    this.#readings.set(key, reading);
    const forget = () => {
      this.#forget(key, reading);
      // and who still counted how long to read on
      over.abort();
    };
    reading.ended.then(forget, forget);
    // every visitor may have gone
    reading.opened.catch(() => undefined);
    return reading;
  }

  async #read(place: ReadableBucket, key: ObjectKey, signal: AbortSignal, opened: (facts: ObjectFacts) => void): Promise<void> {
    const answered = (facts: ObjectFacts) => {
      remember(this.#seen, key, { facts, until: this.clock.elapsed() + SEEN_TTL_MS });
      opened(facts);
    };
    try {
      await this.#turns.run(() => adoptFrom(place, this.ledger, key, { signal, opened: answered }), signal);
      // here, as perhaps no visitor is left: by the row that is remembered, the next one would have it read once more
      this.rows.forget([key]);
    } catch (error) {
      this.#noteFailure(key, error);
      throw error;
    }
  }

  #forget(key: ObjectKey, reading: Reading): void {
    if (this.#readings.get(key) === reading) this.#readings.delete(key);
  }

  #noteFailure(key: ObjectKey, error: unknown): void {
    // S3 was not asked, or the visitors went away: that says nothing of the next one
    if (!isStorageError(error) || isStorageError(error, 'ABORTED', 'UNAVAILABLE', 'CIRCUIT_OPEN')) return;
    remember(this.#failed, key, this.clock.elapsed() + FAILED_TTL_MS);
    this.#seen.delete(key);
  }

  #linger(key: ObjectKey, reading: Reading): void {
    const isLingering = reading.lingersUntil > this.clock.elapsed();
    reading.lingersUntil = this.clock.elapsed() + LINGER_MS;
    if (isLingering) return;
    const endLater = async () => {
      for (let leftMs = LINGER_MS; leftMs > 0; leftMs = reading.lingersUntil - this.clock.elapsed()) await this.clock.sleep(leftMs, reading.over.signal);
      this.#endUnwanted(key, reading);
    };
    // nobody wants it any more
    endLater().catch(() => undefined);
  }

  #endUnwanted(key: ObjectKey, reading: Reading): void {
    if (reading.visitors > 0 || reading.lingersUntil > this.clock.elapsed()) return;
    // who comes now begins anew
    this.#forget(key, reading);
    reading.over.abort();
  }
}

/** The oldest goes where there are too many. */
function remember<T>(map: Map<ObjectKey, T>, key: ObjectKey, value: T): void {
  map.delete(key);
  if (map.size >= MAX_REMEMBERED) map.delete(map.keys().next().value as ObjectKey);
  map.set(key, value);
}

/** What `promise` says, unless the visitor goes before. @throws StorageError ABORTED, or what `promise` rejects with */
async function unlessGone<T>(promise: Promise<T>, key: ObjectKey, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return abandonable(promise, signal).catch((error: unknown) => {
    throw signal.aborted ? aborted(key, signal) : error;
  });
}

function aborted(key: ObjectKey, signal: AbortSignal): StorageError {
  return new StorageError('ABORTED', { operation: 'adopt', subject: key, refused: true, cause: signal.reason });
}

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

/** Objects that one process reads at once, and how long a visitor waits for a turn. */
const READING = { atOnce: 4, maxWaiting: 200, patienceMs: 5_000 };
/** Time for which the reading goes on after a visitor was told to come back, in milliseconds: longer than the answer asks them to wait. */
const LINGER_MS = 30_000;
/** Time for which a failed reading is not tried again, in milliseconds: other visitors would only meet the same failure. */
const FAILED_TTL_MS = 5_000;
/** Time for which the facts from S3 answer visitors who want no bytes of the object, in milliseconds. */
const SEEN_TTL_MS = 5_000;
/** Greatest number of keys in each of the two memories. */
const MAX_REMEMBERED = 1_000;

/** One visitor's part in the first reading of an object. */
export interface FirstRead {
  /** The object's facts from S3. Its bytes are not proven yet. */
  readonly facts: ObjectFacts;
  /** Resolves when the object is adopted, or when the ledger does not accept it. @throws StorageError of S3, or ABORTED */
  ended(): Promise<void>;
  /** Ends the visitor's part; the caller must always call it. @param comesBack the visitor was told to come back: the reading goes on for a while */
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
 * The first readings of files that only the bucket has. The plugin must read each file whole and adopt it before it serves a byte of
 * it. All visitors of a key share one reading, few keys are read at once, and a reading ends when its last visitor has gone.
 */
export class FirstReads {
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

  /** Returns the facts from S3 of an object that was opened a few seconds ago. */
  lately(key: ObjectKey): ObjectFacts | undefined {
    const seen = this.#seen.get(key);
    return seen && seen.until > this.clock.elapsed() ? seen.facts : undefined;
  }

  /**
   * Joins the reading of a key, or begins one. It resolves when S3 has answered.
   * @throws StorageError UNAVAILABLE if too many other objects are being read, or the last reading failed a moment ago; ABORTED when
   *   `signal` aborts; or an error of S3
   */
  async join(bucket: ReadableBucket, key: ObjectKey, signal?: AbortSignal): Promise<FirstRead> {
    if (signal?.aborted) throw aborted(key, signal);
    if ((this.#failed.get(key) ?? 0) > this.clock.elapsed()) {
      throw new StorageError('UNAVAILABLE', { operation: 'adopt', subject: key, detail: 'it could not be read a moment ago' });
    }
    const reading = this.#readings.get(key) ?? this.#begin(bucket, key);
    reading.visitors++;
    let isHere = true;
    const leave = (comesBack: boolean) => {
      if (!isHere) return;
      isHere = false;
      reading.visitors--;
      if (comesBack) this.#linger(key, reading);
      else this.#endUnwanted(key, reading);
    };
    const orGone = <T>(promise: Promise<T>) => unlessGone(promise, key, signal);
    try {
      return { facts: await orGone(reading.opened), ended: () => orGone(reading.ended), leave };
    } catch (error) {
      leave(false);
      throw error;
    }
  }

  #begin(bucket: ReadableBucket, key: ObjectKey): Reading {
    const over = new AbortController();
    const { signal } = over;
    let answered: (facts: ObjectFacts) => void = () => undefined;
    const answer = new Promise<ObjectFacts>((resolve) => (answered = resolve));
    const ended = this.#read(bucket, key, signal, answered);
    // without an answer, `opened` rejects with the error of the reading
    const opened = Promise.race([answer, ended.then(() => answer)]);
    const reading: Reading = { opened, ended, over, visitors: 0, lingersUntil: -Infinity };
    this.#readings.set(key, reading);
    const forget = () => {
      this.#forget(key, reading);
      // this also ends the countdown in `#linger`
      over.abort();
    };
    reading.ended.then(forget, forget);
    // every visitor may have gone, so that nobody handles the rejection
    reading.opened.catch(() => undefined);
    return reading;
  }

  async #read(bucket: ReadableBucket, key: ObjectKey, signal: AbortSignal, opened: (facts: ObjectFacts) => void): Promise<void> {
    const answered = (facts: ObjectFacts) => {
      remember(this.#seen, key, { facts, until: this.clock.elapsed() + SEEN_TTL_MS });
      opened(facts);
    };
    try {
      await this.#turns.run(() => adoptFrom(bucket, this.ledger, key, { signal, opened: answered }), signal);
      // this happens here, because perhaps no visitor is left: with the remembered row, the next visitor would begin a second reading
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
    // nobody asked S3, or the visitors went away: the next reading may succeed
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
    // the sleep rejects when the reading is over, and then nothing is left to end
    endLater().catch(() => undefined);
  }

  #endUnwanted(key: ObjectKey, reading: Reading): void {
    if (reading.visitors > 0 || reading.lingersUntil > this.clock.elapsed()) return;
    // a visitor who comes from now on begins a new reading
    this.#forget(key, reading);
    reading.over.abort();
  }
}

/** Remembers a value for a key. If there are too many, the oldest one goes. */
function remember<T>(map: Map<ObjectKey, T>, key: ObjectKey, value: T): void {
  map.delete(key);
  if (map.size >= MAX_REMEMBERED) map.delete(map.keys().next().value as ObjectKey);
  map.set(key, value);
}

/** Returns the outcome of `promise`, unless the visitor goes before. @throws StorageError ABORTED, or the error of `promise` */
async function unlessGone<T>(promise: Promise<T>, key: ObjectKey, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return abandonable(promise, signal).catch((error: unknown) => {
    throw signal.aborted ? aborted(key, signal) : error;
  });
}

function aborted(key: ObjectKey, signal: AbortSignal): StorageError {
  return new StorageError('ABORTED', { operation: 'adopt', subject: key, refused: true, cause: signal.reason });
}

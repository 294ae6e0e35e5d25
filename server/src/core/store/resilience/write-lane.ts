import type { Clock } from '../../clock';
import { isStorageError, StorageError } from '../../errors';
import type { Body } from '../object-store';
import { type BreakerPolicy, DEFAULT_BREAKER_POLICY, isAnswer, isOutage, openMs } from './breaker-state';

/** Whether S3 takes uploads. `tries` counts the trials that failed since it stopped. */
export type WriteState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open' | 'half-open'; readonly tries: number; readonly cause: StorageError };

export type WriteListener = (now: WriteState, before: WriteState) => void;

/** Failures of one body, as long as no other body has passed. */
interface Failing {
  readonly failures: number;
  readonly lostMs: number;
  readonly at: number;
}

const CLOSED: WriteState = { kind: 'closed' };
/** How long a verdict on one body is believed, in milliseconds: whatever stands before S3 may be mended meanwhile. */
const REMEMBERED_MS = 10 * 60_000;
const MAX_REMEMBERED = 1_000;

/**
 * Judges uploads apart from everything else that is asked of S3: a full store answers reads, and refuses every PUT.
 *
 * One body that fails says nothing of S3, because a firewall may object to its content: uploads are refused only after two
 * bodies have failed and none has passed in between, or after a wait in vain that the next upload must not pay again. What ends
 * this is an upload that passes. One at a time is let through to try, after a pause that doubles with each failure; it is one that
 * nobody waits for, wherever uploads are kept on the disk meanwhile.
 */
export class WriteLane {
  #state: WriteState = CLOSED;
  /** The next trial is due then, by the clock's `elapsed`. */
  #trialAt = 0;
  /** The body that is on trial. */
  #onTrial: string | undefined;
  readonly #failing = new Map<string, Failing>();
  /** Bodies that failed while others passed, and since when that is known. */
  readonly #refused = new Map<string, number>();
  #passedAt = -Infinity;
  readonly #listeners = new Set<WriteListener>();

  constructor(
    private readonly clock: Clock,
    private readonly policy: BreakerPolicy = DEFAULT_BREAKER_POLICY,
  ) {}

  get state(): WriteState {
    return this.#state;
  }

  /** Whether an upload that nobody waits for would be sent now. */
  get takesTrial(): boolean {
    const { kind } = this.#state;
    return kind === 'closed' || (kind === 'open' && this.clock.elapsed() >= this.#trialAt);
  }

  /** Called at each change of kind; answers a function that removes the listener. It must not throw. */
  onChange(listener: WriteListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * To be called before anything else is done for an upload, and `leave` after its last attempt.
   * @param mayTry whether it may be the one that finds out
   * @throws StorageError CIRCUIT_OPEN where it would not be sent
   */
  enter(subject: string, body: Body, mayTry: boolean): void {
    if (this.#state.kind === 'closed') return;
    if (!mayTry || !this.takesTrial) throw this.#refusal(subject, this.#state.cause);
    this.#onTrial = idOf(body);
    this.#become({ ...this.#state, kind: 'half-open' });
  }

  leave(body: Body): void {
    // it ended without a verdict: aborted, or its own bytes could not be read
    if (this.#state.kind === 'half-open' && this.#onTrial === idOf(body)) this.#reopen(this.#state.tries);
  }

  /** One PUT. @throws StorageError CIRCUIT_OPEN, without a call, where it must not be sent; else whatever `call` throws */
  async run<T>(subject: string, body: Body, call: () => Promise<T>): Promise<T> {
    const id = idOf(body);
    const state = this.#state;
    if (state.kind === 'open' || (state.kind === 'half-open' && this.#onTrial !== id)) throw this.#refusal(subject, state.cause);
    const startedAt = this.clock.elapsed();
    try {
      const answer = await call();
      this.#hasPassed(id);
      return answer;
    } catch (error) {
      this.#hasFailed(id, error, this.clock.elapsed() - startedAt);
      throw error;
    }
  }

  /** Whether this body has failed before, and no other has passed since: one attempt is enough to see whether it still does. */
  hasFailed(body: Body): boolean {
    return this.#failing.has(idOf(body));
  }

  /** Whether this body has failed before, and S3 has taken another one since. */
  failsAlone(body: Body): boolean {
    return this.#isRefused(idOf(body));
  }

  /** Whether a body has passed within so many milliseconds. */
  tookWithin(ms: number): boolean {
    return this.clock.elapsed() - this.#passedAt < ms;
  }

  /** S3 as a whole was away and has come back: uploads begin anew. */
  reset(): void {
    this.#failing.clear();
    this.#onTrial = undefined;
    this.#become(CLOSED);
  }

  /** Makes the next trial due now. */
  expedite(): void {
    this.#trialAt = 0;
  }

  #hasPassed(id: string): void {
    const now = this.clock.elapsed();
    this.#passedAt = now;
    this.#failing.delete(id);
    this.#refused.delete(id);
    const isTrial = this.#state.kind === 'half-open' && this.#onTrial === id;
    // one that began before the lane was closed to all proves nothing of now
    if (this.#state.kind !== 'closed' && !isTrial) return;
    if (this.#refused.size > MAX_REMEMBERED) this.#refused.clear();
    for (const other of this.#failing.keys()) this.#refused.set(other, now);
    this.reset();
  }

  #hasFailed(id: string, error: unknown, tookMs: number): void {
    const state = this.#state;
    const counts = isOutage(error) || isPage(error);
    if (state.kind === 'half-open' && this.#onTrial === id) {
      // a refusal that S3 means (rights, no such bucket) is an answer: such uploads are not held back
      if (!counts && isAnswer(error) && !isStorageError(error, 'TOO_LARGE', 'INTEGRITY', 'THROTTLED', 'NAME_TAKEN')) this.reset();
      else this.#reopen(state.tries + (counts ? 1 : 0));
      return;
    }
    if (state.kind !== 'closed' || !counts || this.#isRefused(id)) return;
    const now = this.clock.elapsed();
    this.#forgetOld(now);
    const before = this.#failing.get(id);
    const lostMs = (before?.lostMs ?? 0) + (error.code === 'TIMEOUT' ? tookMs : 0);
    this.#failing.set(id, { failures: (before?.failures ?? 0) + 1, lostMs, at: now });
    const failures = [...this.#failing.values()].reduce((sum, one) => sum + one.failures, 0);
    if (lostMs < this.policy.lostMs && (this.#failing.size < 2 || failures < this.policy.failures)) return;
    this.#trialAt = now + openMs(this.policy, 0, this.clock.random());
    this.#become({ kind: 'open', tries: 0, cause: error });
  }

  #isRefused(id: string): boolean {
    return this.clock.elapsed() - (this.#refused.get(id) ?? -Infinity) < REMEMBERED_MS;
  }

  #forgetOld(now: number): void {
    for (const [id, { at }] of this.#failing) if (now - at > REMEMBERED_MS) this.#failing.delete(id);
    if (this.#failing.size > MAX_REMEMBERED) this.#failing.clear();
  }

  #reopen(tries: number): void {
    if (this.#state.kind === 'closed') return;
    this.#onTrial = undefined;
    this.#trialAt = this.clock.elapsed() + openMs(this.policy, tries + 1, this.clock.random());
    this.#become({ ...this.#state, kind: 'open', tries });
  }

  #become(next: WriteState): void {
    const before = this.#state;
    this.#state = next;
    if (next.kind === before.kind) return;
    for (const listener of this.#listeners) listener(next, before);
  }

  #refusal(subject: string, cause: StorageError): StorageError {
    return new StorageError('CIRCUIT_OPEN', { operation: 'put', subject, refused: true, cause });
  }
}

/** By its content: an upload that is tried again has another name, and another stream. */
function idOf({ md5, size }: Body): string {
  return `${md5}:${size}`;
}

/** A refusal of something that stands before S3, or of a request that S3 does not understand: it may be meant for all, or for one file. */
export function isPage(error: unknown): error is StorageError {
  return isStorageError(error, 'NOT_S3', 'REJECTED');
}

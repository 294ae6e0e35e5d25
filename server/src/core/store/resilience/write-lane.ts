import type { Clock } from '../../clock';
import { isStorageError, StorageError } from '../../errors';
import type { Body } from '../object-store';
import { type BreakerPolicy, DEFAULT_BREAKER_POLICY, isAnswer, isOutage, openMs } from './breaker-state';

/** Whether S3 takes uploads. `tries` counts the trials that have failed since S3 stopped taking them. */
export type WriteState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open' | 'half-open'; readonly tries: number; readonly cause: StorageError };

export type WriteListener = (now: WriteState, before: WriteState) => void;

/** The failures of one body since a body last passed. */
interface Failing {
  readonly failures: number;
  /** Time that timeouts have cost, in milliseconds. */
  readonly lostMs: number;
  /** Time of the last failure, by `elapsed` of the clock. */
  readonly at: number;
}

const CLOSED: WriteState = { kind: 'closed' };
/** Time for which a verdict on one body is valid, in milliseconds. Somebody may mend the firewall or proxy in front of S3 meanwhile. */
const REMEMBERED_MS = 10 * 60_000;
/** Largest number of bodies that the lane remembers as failing, and as refused. */
const MAX_REMEMBERED = 1_000;

/**
 * Judges uploads apart from all other requests to S3: a full store answers reads, and refuses every PUT.
 *
 * One body that fails says nothing about S3, because a firewall may object to its content. The lane refuses uploads only after two
 * bodies have failed and none has passed in between, or after a long wait in vain, which the next upload must not repeat. An upload
 * that passes ends this. The lane lets one upload at a time through as a trial, after a pause that doubles with each failure. The trial
 * is an upload for which nobody waits, wherever uploads are kept on the disk meanwhile.
 */
export class WriteLane {
  #state: WriteState = CLOSED;
  /** Time at which the next trial is due, by `elapsed` of the clock. */
  #trialAt = 0;
  /** Id of the body that is on trial. */
  #onTrial: string | undefined;
  readonly #failing = new Map<string, Failing>();
  /** Ids of the bodies that failed while others passed, and the time at which that became known, by `elapsed` of the clock. */
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

  /** Whether the lane would send an upload for which nobody waits. */
  get takesTrial(): boolean {
    const { kind } = this.#state;
    return kind === 'closed' || (kind === 'open' && this.clock.elapsed() >= this.#trialAt);
  }

  /** Registers a listener for each change of `kind`, and returns a function that removes it. The listener must not throw. */
  onChange(listener: WriteListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Lets an upload into the lane. The caller calls this before it does anything else for the upload, and `leave` after the last attempt.
   * @param mayTry whether the upload may be a trial that finds out whether S3 takes uploads again
   * @throws StorageError CIRCUIT_OPEN where the lane would not send the upload
   */
  enter(subject: string, body: Body, mayTry: boolean): void {
    if (this.#state.kind === 'closed') return;
    if (!mayTry || !this.takesTrial) throw this.#refusal(subject, this.#state.cause);
    this.#onTrial = idOf(body);
    this.#become({ ...this.#state, kind: 'half-open' });
  }

  leave(body: Body): void {
    // the trial ended without a verdict: it was aborted, or its own bytes could not be read
    if (this.#state.kind === 'half-open' && this.#onTrial === idOf(body)) this.#reopen(this.#state.tries);
  }

  /** Runs one PUT. @throws StorageError CIRCUIT_OPEN, without a call, where the PUT must not be sent; else whatever `call` throws */
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

  /** Whether this body has failed before and no other has passed since. Then one attempt shows whether it still fails. */
  hasFailed(body: Body): boolean {
    return this.#failing.has(idOf(body));
  }

  /** Whether this body has failed before and S3 has taken another one since. */
  failsAlone(body: Body): boolean {
    return this.#isRefused(idOf(body));
  }

  /** Whether a body has passed within the last `ms` milliseconds. */
  tookWithin(ms: number): boolean {
    return this.clock.elapsed() - this.#passedAt < ms;
  }

  /** Forgets the failures and opens the lane to all uploads, because S3 as a whole was away and has come back. */
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
    // an upload that began before the lane refused all others proves nothing about now
    if (this.#state.kind !== 'closed' && !isTrial) return;
    if (this.#refused.size > MAX_REMEMBERED) this.#refused.clear();
    for (const other of this.#failing.keys()) this.#refused.set(other, now);
    this.reset();
  }

  #hasFailed(id: string, error: unknown, tookMs: number): void {
    const state = this.#state;
    const counts = isOutage(error) || isPage(error);
    if (state.kind === 'half-open' && this.#onTrial === id) {
      // a refusal that has a lasting reason (rights, no such bucket) is an answer: the lane does not hold such uploads back
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

/** Identifies a body by its content, because an upload that is repeated has another name and another stream. */
function idOf({ md5, size }: Body): string {
  return `${md5}:${size}`;
}

/** Whether a proxy or firewall in front of S3 has refused the request, or S3 did not understand it. That may concern all files, or one. */
export function isPage(error: unknown): error is StorageError {
  return isStorageError(error, 'NOT_S3', 'REJECTED');
}

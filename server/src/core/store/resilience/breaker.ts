import type { Clock } from '../../clock';
import { isStorageError, StorageError } from '../../errors';
import type { Body } from '../object-store';
import {
  afterProbe,
  afterRequest,
  type BreakerPolicy,
  type BreakerState,
  CLOSED,
  DEFAULT_BREAKER_POLICY,
  isAnswer,
  isOutage,
  openMs,
  probing,
} from './breaker-state';
import { WriteLane } from './write-lane';

export type { BreakerState } from './breaker-state';

/** Sends a cheap request to S3 that does not pass the breaker. A rejection that is an answer of S3 (404, 403) counts as success. */
export type Probe = (signal: AbortSignal) => Promise<void>;

export type BreakerListener = (now: BreakerState, before: BreakerState) => void;

/** Time for which the failures of a subject do not count after S3 turned out to have no part in them, in milliseconds. */
const EXCUSED_MS = 10 * 60_000;
/** Largest number of subjects whose failures do not count. */
const MAX_EXCUSED = 1_000;
/** Longest time of a quick answer, in milliseconds. Nobody notices a shorter wait. */
const QUICK_MS = 500;

/**
 * Leaves a failing endpoint alone. While the breaker is open, it refuses every request at once, also while the probe runs. Only the
 * probe closes it, in the background, so that no editor ever waits to learn that S3 is still down.
 *
 * The breaker does not trust a few failed requests alone, because all of them may be for one damaged object. As soon as they have
 * failed, it sends the probe. Uploads have a lane of their own, see {@link WriteLane}, because S3 may refuse them and do everything else.
 */
export class CircuitBreaker {
  /** The lane of the uploads, which knows whether S3 takes them. They also need the breaker to be closed. */
  readonly writes: WriteLane;
  private current: BreakerState = CLOSED;
  private lastThrottledAt = -Infinity;
  private readonly listeners = new Set<BreakerListener>();
  private readonly stopped = new AbortController();
  private probe: Probe | undefined;
  private underWay: Promise<void> | undefined;
  /** It aborts the present wait for the next probe, where there is one. */
  private waiting: AbortController | undefined;
  /** The subjects whose failures have counted since the last success. */
  private readonly failing = new Set<string>();
  /** The subjects that failed while the probe succeeded, and the time until which their failures do not count, by `elapsed` of the clock. */
  private readonly excused = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly policy: BreakerPolicy = DEFAULT_BREAKER_POLICY,
  ) {
    this.writes = new WriteLane(clock, policy);
  }

  get state(): BreakerState {
    return this.current;
  }

  /** The time at which S3 last asked to slow down, by `elapsed` of the clock; -Infinity where it never has. */
  get throttledAt(): number {
    return this.lastThrottledAt;
  }

  /** Registers the probe. Without one, an open breaker stays open. */
  probeWith(probe: Probe): void {
    this.probe = probe;
    if (this.current.kind === 'open') this.scheduleProbe();
  }

  /** Runs `call` if the breaker is closed. @throws StorageError CIRCUIT_OPEN, without a call, if it is not; else whatever `call` throws. */
  async run<T>(operation: string, subject: string, call: () => Promise<T>): Promise<T> {
    this.assertClosed(operation, subject);
    const startedAt = this.clock.elapsed();
    try {
      const answer = await call();
      this.ended(subject, undefined, this.clock.elapsed() - startedAt);
      return answer;
    } catch (error) {
      this.noticeThrottling(error);
      this.ended(subject, error, this.clock.elapsed() - startedAt);
      throw error;
    }
  }

  /** Does the same for an upload. The lane judges its failures; the breaker only sends the probe because of them. */
  async runPut<T>(subject: string, body: Body, call: () => Promise<T>): Promise<T> {
    // without a probe nobody can tell whether S3 fails or only its uploads do
    if (!this.probe) return this.run('put', subject, call);
    this.assertClosed('put', subject);
    try {
      return await this.writes.run(subject, body, call);
    } catch (error) {
      this.noticeThrottling(error);
      if (isOutage(error)) void this.askProbe(error);
      throw error;
    }
  }

  /** Registers a listener for each change of `kind`, and returns a function that removes it. The listener must not throw. */
  onChange(listener: BreakerListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Starts a probe now if the breaker is open, or waits for the probe that runs. It resolves when the probe has ended, however it ended. */
  async forceProbe(): Promise<void> {
    this.writes.expedite();
    if (this.current.kind === 'open') this.startProbe();
    await this.underWay;
  }

  /** Aborts the probe that runs, and lets no other begin. An open breaker stays open. */
  stop(): void {
    this.stopped.abort();
    this.waiting?.abort();
  }

  private assertClosed(operation: string, subject: string): void {
    if (this.current.kind === 'closed') return;
    throw new StorageError('CIRCUIT_OPEN', { operation, subject, refused: true, cause: this.current.cause });
  }

  private noticeThrottling(error: unknown): void {
    if (isStorageError(error, 'THROTTLED')) this.lastThrottledAt = this.clock.elapsed();
  }

  private ended(subject: string, error: unknown, tookMs: number): void {
    if (this.current.kind !== 'closed') return;
    if (isOutage(error)) {
      if ((this.excused.get(subject) ?? -Infinity) > this.clock.elapsed()) return;
      this.failing.add(subject);
    }
    const next = afterRequest(this.current, this.policy, this.clock.now(), error, tookMs);
    if (next.kind === 'closed' && next.failures === 0) {
      this.failing.clear();
      if (error === undefined) this.excused.delete(subject);
    }
    // after quick answers, even bad ones, requests go on until the probe has failed: they let nobody wait
    if (next.kind === 'open' && this.probe && next.cause.status !== undefined && tookMs < QUICK_MS) void this.askProbe(next.cause);
    else this.become(next);
  }

  /** Sends the probe to find out whether S3 is away, as it seems to be. Requests go on until the probe has failed. */
  private askProbe(cause: StorageError): Promise<void> {
    if (!this.probe || this.underWay || this.stopped.signal.aborted || this.current.kind !== 'closed') return Promise.resolve();
    return this.under(this.verdict(this.probe, cause));
  }

  private async verdict(probe: Probe, cause: StorageError): Promise<void> {
    const failure = await failureOf(probe, this.stopped.signal);
    if (this.stopped.signal.aborted) return;
    if (failure === undefined || isAnswer(failure)) this.excuse();
    // requests may have opened the breaker while the probe was under way
    else this.become(this.current.kind === 'open' ? { ...this.current, probes: 1 } : { kind: 'open', since: this.clock.now(), probes: 1, cause });
  }

  /** Notes that S3 is there, and that the failures of those subjects are therefore their own. */
  private excuse(): void {
    if (this.excused.size > MAX_EXCUSED) this.excused.clear();
    for (const subject of this.failing) this.excused.set(subject, this.clock.elapsed() + EXCUSED_MS);
    this.failing.clear();
    this.become(CLOSED);
  }

  private become(next: BreakerState): void {
    const before = this.current;
    this.current = next;
    if (next.kind !== before.kind) {
      // uploads failed because all requests failed
      if (next.kind === 'closed' && before.kind === 'half-open' && before.probes > 0) this.writes.reset();
      for (const listener of this.listeners) listener(next, before);
    }
    // also where it was open before: only a probe closes it, so that another one must always follow
    if (next.kind !== 'open') return;
    if (next.probes === 0) this.startProbe();
    else this.scheduleProbe();
  }

  private scheduleProbe(): void {
    if (this.current.kind !== 'open' || !this.probe || this.stopped.signal.aborted) return;
    this.waiting?.abort();
    const waiting = new AbortController();
    this.waiting = waiting;
    const ms = openMs(this.policy, this.current.probes, this.clock.random());
    this.clock.sleep(ms, waiting.signal).then(
      () => this.startProbe(),
      () => undefined, // the breaker was stopped, or `forceProbe` was called
    );
  }

  private startProbe(): void {
    const { probe } = this;
    if (!probe || this.underWay || this.stopped.signal.aborted || this.current.kind !== 'open') return;
    this.waiting?.abort();
    this.become(probing(this.current));
    void this.under(this.runProbe(probe));
  }

  private under(work: Promise<void>): Promise<void> {
    this.underWay = work.finally(() => {
      this.underWay = undefined;
      // the breaker opened while `askProbe` was under way
      if (this.current.kind === 'open' && this.current.probes === 0) this.startProbe();
    });
    return this.underWay;
  }

  private async runProbe(probe: Probe): Promise<void> {
    const failure = await failureOf(probe, this.stopped.signal);
    const next = afterProbe(this.current, failure);
    if (next.kind === 'closed' && this.current.kind === 'half-open' && this.current.probes === 0) this.excuse();
    else this.become(next);
  }
}

async function failureOf(probe: Probe, signal: AbortSignal): Promise<unknown> {
  try {
    await probe(signal);
    return undefined;
  } catch (error) {
    return error ?? new Error('the probe failed');
  }
}

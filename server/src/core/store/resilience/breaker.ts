import type { Clock } from '../../clock';
import { StorageError } from '../../errors';
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

/** A cheap request to S3 itself, not through the breaker. A rejection that is an answer of S3 (404, 403) is success. */
export type Probe = (signal: AbortSignal) => Promise<void>;

export type BreakerListener = (now: BreakerState, before: BreakerState) => void;

/** How long a subject whose failure S3 had no part in is left out of account, in milliseconds. */
const EXCUSED_MS = 10 * 60_000;
const MAX_EXCUSED = 1_000;
/** An answer within so many milliseconds costs nobody a wait that is worth a word. */
const QUICK_MS = 500;

/**
 * Leaves a failing endpoint alone. While it is open every request is refused at once, also while the probe runs: only the
 * probe, in the background, closes it, so that no editor ever waits to learn that S3 is still down.
 *
 * It does not believe a few requests alone, which may all be for one damaged object: as soon as they have failed it asks the
 * probe. Uploads have a lane of their own, see {@link WriteLane}, because S3 may refuse them and do everything else.
 */
export class CircuitBreaker {
  /** Whether uploads are taken. They need S3 to be there, too. */
  readonly writes: WriteLane;
  private current: BreakerState = CLOSED;
  private readonly listeners = new Set<BreakerListener>();
  private readonly stopped = new AbortController();
  private probe: Probe | undefined;
  private underWay: Promise<void> | undefined;
  /** Aborts the present wait for the next probe, where there is one. */
  private waiting: AbortController | undefined;
  /** Whose failures have counted since the last success. */
  private readonly suspects = new Set<string>();
  /** Subjects that failed while the probe did not, and until when their failures are their own. */
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

  /** Registers the probe. Without one, an open breaker stays open. */
  probeWith(probe: Probe): void {
    this.probe = probe;
    if (this.current.kind === 'open') this.scheduleProbe();
  }

  /** @throws StorageError CIRCUIT_OPEN, without a call, unless closed; else whatever `call` throws. */
  async run<T>(operation: string, subject: string, call: () => Promise<T>): Promise<T> {
    this.assertClosed(operation, subject);
    const startedAt = this.clock.elapsed();
    try {
      const answer = await call();
      this.ended(subject, undefined, this.clock.elapsed() - startedAt);
      return answer;
    } catch (error) {
      this.ended(subject, error, this.clock.elapsed() - startedAt);
      throw error;
    }
  }

  /** The same for an upload, whose failures are the lane's to judge; here they are a reason to ask the probe. */
  async runPut<T>(subject: string, body: Body, call: () => Promise<T>): Promise<T> {
    // nothing else could tell one from the other
    if (!this.probe) return this.run('put', subject, call);
    this.assertClosed('put', subject);
    try {
      return await this.writes.run(subject, body, call);
    } catch (error) {
      if (isOutage(error)) void this.verify(error);
      throw error;
    }
  }

  /** Called at each change of kind; answers a function that removes the listener. It must not throw. */
  onChange(listener: BreakerListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Probes now, if it is open, or waits for the probe that runs. Resolves when it is over, however it ended. */
  async forceProbe(): Promise<void> {
    this.writes.expedite();
    if (this.current.kind === 'open') this.startProbe();
    await this.underWay;
  }

  /** No probe begins after this, and one that runs is aborted. An open breaker stays open. */
  stop(): void {
    this.stopped.abort();
    this.waiting?.abort();
  }

  private assertClosed(operation: string, subject: string): void {
    if (this.current.kind === 'closed') return;
    throw new StorageError('CIRCUIT_OPEN', { operation, subject, refused: true, cause: this.current.cause });
  }

  private ended(subject: string, error: unknown, tookMs: number): void {
    if (this.current.kind !== 'closed') return;
    if (isOutage(error)) {
      if ((this.excused.get(subject) ?? -Infinity) > this.clock.elapsed()) return;
      this.suspects.add(subject);
    }
    const next = afterRequest(this.current, this.policy, this.clock.now(), error, tookMs);
    if (next.kind === 'closed' && next.failures === 0) {
      this.suspects.clear();
      if (error === undefined) this.excused.delete(subject);
    }
    // after quick answers, be they bad ones, requests go on until the probe has failed: none of them costs anybody a wait
    if (next.kind === 'open' && this.probe && next.cause.status !== undefined && tookMs < QUICK_MS) void this.verify(next.cause);
    else this.become(next);
  }

  /** Asks the probe whether S3 is away, as it seems to be; until it has failed requests go on. */
  private verify(cause: StorageError): Promise<void> {
    if (!this.probe || this.underWay || this.stopped.signal.aborted || this.current.kind !== 'closed') return Promise.resolve();
    return this.under(this.verdict(this.probe, cause));
  }

  private async verdict(probe: Probe, cause: StorageError): Promise<void> {
    const failure = await failureOf(probe, this.stopped.signal);
    if (this.stopped.signal.aborted) return;
    if (failure === undefined || isAnswer(failure)) this.excuse();
    else this.become({ kind: 'open', since: this.clock.now(), probes: 1, cause });
  }

  /** S3 is there: whatever failed just now did so by itself. */
  private excuse(): void {
    if (this.excused.size > MAX_EXCUSED) this.excused.clear();
    for (const subject of this.suspects) this.excused.set(subject, this.clock.elapsed() + EXCUSED_MS);
    this.suspects.clear();
    this.become(CLOSED);
  }

  private become(next: BreakerState): void {
    const before = this.current;
    this.current = next;
    if (next.kind === before.kind) return;
    // uploads failed because all did
    if (next.kind === 'closed' && before.kind === 'half-open' && before.probes > 0) this.writes.reset();
    for (const listener of this.listeners) listener(next, before);
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
      () => undefined, // stopped, or probed by force
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
      // it opened while a look at it was under way
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

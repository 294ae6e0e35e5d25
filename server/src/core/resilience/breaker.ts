import type { Clock } from '../clock';
import { StorageError } from '../errors';
import {
  afterProbe,
  afterRequest,
  type BreakerPolicy,
  type BreakerState,
  CLOSED,
  DEFAULT_BREAKER_POLICY,
  openMs,
  probing,
} from './breaker-state';

export type { BreakerState } from './breaker-state';

/** A cheap request to S3 itself, not through the breaker. A rejection that is an answer of S3 (404, 403) is success. */
export type Probe = (signal: AbortSignal) => Promise<void>;

export type BreakerListener = (now: BreakerState, before: BreakerState) => void;

/**
 * Leaves a failing endpoint alone. While it is open every request is refused at once, also while the probe runs: only the
 * probe, in the background, closes it, so that no editor ever waits to learn that S3 is still down.
 */
export class CircuitBreaker {
  private current: BreakerState = CLOSED;
  private readonly listeners = new Set<BreakerListener>();
  private readonly stopped = new AbortController();
  private probe: Probe | undefined;
  private underWay: Promise<void> | undefined;
  /** Aborts the present wait for the next probe, where there is one. */
  private waiting: AbortController | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly policy: BreakerPolicy = DEFAULT_BREAKER_POLICY,
  ) {}

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
    if (this.current.kind !== 'closed') {
      throw new StorageError('CIRCUIT_OPEN', { operation, subject, refused: true, cause: this.current.cause });
    }
    const startedAt = this.clock.now();
    const ended = (error: unknown) => {
      const now = this.clock.now();
      this.become(afterRequest(this.current, this.policy, now, error, now - startedAt));
    };
    try {
      const answer = await call();
      ended(undefined);
      return answer;
    } catch (error) {
      ended(error);
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
    if (this.current.kind === 'open') this.startProbe();
    await this.underWay;
  }

  /** No probe begins after this, and one that runs is aborted. An open breaker stays open. */
  stop(): void {
    this.stopped.abort();
    this.waiting?.abort();
  }

  private become(next: BreakerState): void {
    const before = this.current;
    this.current = next;
    if (next.kind === before.kind) return;
    for (const listener of this.listeners) listener(next, before);
    if (next.kind === 'open') this.scheduleProbe();
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
    this.underWay = this.runProbe(probe).finally(() => {
      this.underWay = undefined;
    });
  }

  private async runProbe(probe: Probe): Promise<void> {
    let failure: unknown;
    try {
      await probe(this.stopped.signal);
    } catch (error) {
      failure = error ?? new Error('the probe failed');
    }
    this.become(afterProbe(this.current, failure));
  }
}

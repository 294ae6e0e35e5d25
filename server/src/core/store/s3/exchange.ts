import { abandonable } from '../../abandonable';
import type { Clock } from '../../clock';
import { StorageError } from '../../errors';
import { aborted } from '../body';
import { classify } from './classify';
import { Watchdog } from './watchdog';

export interface ExchangeOptions {
  clock: Clock;
  operation: string;
  name: string;
  /** The signal of the caller. */
  signal?: AbortSignal;
  /** Longest wait for progress, in milliseconds. */
  timeoutMs: number;
}

/** One request to S3 and its answer. The caller or its own patience may abort it, and it knows which of them did. */
export class Exchange {
  private readonly controller = new AbortController();
  private readonly watchdog: Watchdog;
  private readonly onAbort = () => this.controller.abort();
  private awaited: 'store' | 'body' = 'store';
  private timedOut = false;
  private failed: unknown;

  constructor(readonly options: ExchangeOptions) {
    this.watchdog = new Watchdog(options.clock, () => {
      this.timedOut = true;
      this.controller.abort();
    });
    if (options.signal?.aborted) this.controller.abort();
    else options.signal?.addEventListener('abort', this.onAbort, { once: true });
    this.progress();
  }

  /**
   * Sends `request` and returns its answer, unless the exchange ends before. The SDK does not look at the signal while it waits for
   * credentials (from a token service or an instance's metadata), and that wait may last for ever. `late` releases an answer for which
   * nobody waits any more. All requests of an exchange must go through this method.
   */
  send<T>(request: (abortSignal: AbortSignal) => Promise<T>, late?: (answer: T) => void): Promise<T> {
    return abandonable(request(this.signal), this.signal, late);
  }

  /** The signal of this exchange. It aborts when the caller aborts, the patience ends or {@link fail} is called. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Notes that something moved. The wait begins again, and may last `extraMs` milliseconds longer than usual. */
  progress(extraMs = 0): void {
    this.awaited = 'store';
    this.watchdog.expect(this.options.timeoutMs + extraMs);
  }

  /** Notes that S3 has taken all bytes so far. Now the caller has to give the next ones. */
  expectBody(): void {
    this.awaited = 'body';
    this.watchdog.expect(this.options.timeoutMs);
  }

  /** Ends the request because of an error on this side. */
  fail(error: unknown): void {
    if (this.controller.signal.aborted) return;
    this.failed = error;
    this.controller.abort();
  }

  /** Notes that nothing is expected from S3 at the moment. */
  rest(): void {
    this.watchdog.rest();
  }

  /** Releases the timer and the caller's signal. It must be called at the end, however the exchange ended. */
  close(): void {
    this.watchdog.stop();
    this.options.signal?.removeEventListener('abort', this.onAbort);
  }

  /**
   * Returns the StorageError for `error`. The caller sets `refused` where it knows that S3 cannot have applied the request, whatever the
   * error is, for example because it did not send the body to its end.
   */
  failure(error: unknown, refused = false): StorageError {
    const { operation, name: subject, signal } = this.options;
    if (signal?.aborted) return aborted(operation, subject, signal, refused);
    if (this.failed) return classify(this.failed, { operation, subject, refused }, this.options.clock.now());
    if (this.timedOut) {
      const code = this.awaited === 'store' ? 'TIMEOUT' : 'BODY_FAILED';
      return new StorageError(code, { operation, subject, refused, detail: this.awaited === 'body' ? 'no more bytes came' : undefined, cause: error });
    }
    return classify(error, { operation, subject, refused }, this.options.clock.now());
  }
}

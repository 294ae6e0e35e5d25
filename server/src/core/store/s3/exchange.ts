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
  /** The caller's. */
  signal?: AbortSignal;
  /** Longest wait, in milliseconds. */
  timeoutMs: number;
}

/** One request to S3 and its answer: may be aborted by the caller and by its own patience, and knows which it was. */
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
   * The answer to what `request` sends, unless the exchange ends before: the SDK does not look at the signal while it waits for
   * credentials (a token service, an instance's metadata), which may be for ever. `late` lets go of an answer that nobody
   * waits for any more. To be sent by this and nothing else.
   */
  send<T>(request: (abortSignal: AbortSignal) => Promise<T>, late?: (answer: T) => void): Promise<T> {
    return abandonable(request(this.signal), this.signal, late);
  }

  /** Aborts when the exchange has ended. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Something moved: the longest wait, and `extraMs` on top of it, begins again. */
  progress(extraMs = 0): void {
    this.awaited = 'store';
    this.watchdog.expect(this.options.timeoutMs + extraMs);
  }

  /** S3 has taken what there was; the next bytes are the caller's to give. */
  expectBody(): void {
    this.awaited = 'body';
    this.watchdog.expect(this.options.timeoutMs);
  }

  /** Ends the request, because of what went wrong on this side. */
  fail(error: unknown): void {
    if (this.controller.signal.aborted) return;
    this.failed = error;
    this.controller.abort();
  }

  /** Nothing is expected from S3 at the moment. */
  rest(): void {
    this.watchdog.rest();
  }

  /** To be called in the end, whatever it was: frees the timer and the caller's signal. */
  close(): void {
    this.watchdog.stop();
    this.options.signal?.removeEventListener('abort', this.onAbort);
  }

  /**
   * What `error` means to the port. `refused` where the caller knows that S3 cannot have applied the request, whatever
   * the error: a body that was not sent to its end, for example.
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

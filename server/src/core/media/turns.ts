import type { Clock } from '../clock';
import { StorageError } from '../errors';

export interface TurnsOptions {
  /** Greatest number of pieces of work that run at once. */
  readonly atOnce: number;
  /** Greatest number of pieces of work that wait. Any further one is refused at once. */
  readonly maxWaiting: number;
  /** Longest time that a piece of work waits, in milliseconds. */
  readonly patienceMs: number;
}

/** Limits how much work of visitors runs at once in this process. Work runs in the order in which it came, and waits for a bounded time. */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(
    private readonly options: TurnsOptions,
    private readonly clock: Pick<Clock, 'sleep'>,
  ) {}

  /** @throws StorageError UNAVAILABLE if its turn does not come, ABORTED if `signal` aborts before; or the error of `work` */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#running < this.options.atOnce) this.#running++;
    // work that ends hands its place over to the next one
    else await this.#place(signal);
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next) next();
      else this.#running--;
    }
  }

  async #place(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw new StorageError('ABORTED', { operation: 'wait', refused: true, cause: signal.reason });
    if (this.#waiting.size >= this.options.maxWaiting) throw new StorageError('UNAVAILABLE', { operation: 'wait', refused: true });
    const over = new AbortController();
    const until = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
    await new Promise<void>((resolve, reject) => {
      const come = () => {
        this.#waiting.delete(come);
        over.abort();
        resolve();
      };
      this.#waiting.add(come);
      const leave = (cause?: unknown) => {
        // its turn has come meanwhile
        if (!this.#waiting.delete(come)) return;
        const code = signal?.aborted ? 'ABORTED' : 'UNAVAILABLE';
        reject(new StorageError(code, { operation: 'wait', refused: true, cause }));
      };
      this.clock.sleep(this.options.patienceMs, until).then(() => leave(), leave);
    });
  }
}

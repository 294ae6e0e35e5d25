import type { Clock } from '../clock';
import { StorageError } from '../errors';

export interface TurnsOptions {
  readonly atOnce: number;
  /** Those that may wait; any other is refused at once. */
  readonly maxWaiting: number;
  /** How long one waits (ms). */
  readonly patienceMs: number;
}

/** Work that visitors cause, so much of it at once in this process, in the order in which they came. Nobody waits for long. */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(
    private readonly options: TurnsOptions,
    private readonly clock: Pick<Clock, 'sleep'>,
  ) {}

  /** @throws StorageError UNAVAILABLE when its turn does not come, ABORTED when `signal` aborts before; or what `work` throws */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#running < this.options.atOnce) this.#running++;
    // whoever ends hands its place over
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

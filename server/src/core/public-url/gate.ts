import type { Clock } from '../clock';
import type { PublicUrl, PublicVerdict } from './public-url';

/** Time for which a verdict is shown before the address is asked again, in milliseconds. */
const SHOWN_FOR_MS = 10 * 60_000;
/** The same time for a verdict that may block a job, in milliseconds. It is shorter, because somebody may be mending the cause at the moment. */
const BAD_SHOWN_FOR_MS = 30_000;

/** Remembers the verdict, so that it can be shown without a request. Callers that ask at the same time share one request. */
export class PublicUrlGate {
  #verdict: PublicVerdict | null = null;
  #askedAt = -Infinity;
  #asking: Promise<PublicVerdict> | undefined;

  constructor(
    private readonly publicUrl: PublicUrl,
    private readonly clock: Pick<Clock, 'elapsed'>,
  ) {}

  /** Returns the last verdict without waiting; null: there is none yet. If the verdict is old, this begins to ask for another one. */
  known(): PublicVerdict | null {
    const shownFor = this.#verdict?.code === 'UPLOADS_NOT_REACHED' ? BAD_SHOWN_FOR_MS : SHOWN_FOR_MS;
    if (this.clock.elapsed() - this.#askedAt >= shownFor) void this.fresh();
    return this.#verdict;
  }

  /** Asks the address now. Never rejects. */
  fresh(): Promise<PublicVerdict> {
    this.#askedAt = this.clock.elapsed();
    this.#asking ??= this.publicUrl.check().then((verdict) => {
      this.#asking = undefined;
      return (this.#verdict = verdict);
    });
    return this.#asking;
  }
}

import type { Clock } from '../clock';
import type { PublicUrl, PublicVerdict } from './public-url';

/** So long a verdict is shown before the address is asked again, in milliseconds. */
const SHOWN_FOR_MS = 10 * 60_000;
/** One that may stand in the way of a job is asked for sooner: somebody may be mending it just now. */
const BAD_SHOWN_FOR_MS = 30_000;

/** Remembers the verdict, so that it can be shown without asking, and lets one question serve all who ask at once. */
export class PublicUrlGate {
  #verdict: PublicVerdict | null = null;
  #askedAt = -Infinity;
  #asking: Promise<PublicVerdict> | undefined;

  constructor(
    private readonly publicUrl: PublicUrl,
    private readonly clock: Pick<Clock, 'elapsed'>,
  ) {}

  /** The last verdict, without waiting; null: none yet. Where it is old, another is on its way. */
  known(): PublicVerdict | null {
    const shownFor = this.#verdict?.code === 'UPLOADS_NOT_REACHED' ? BAD_SHOWN_FOR_MS : SHOWN_FOR_MS;
    if (this.clock.elapsed() - this.#askedAt >= shownFor) void this.fresh();
    return this.#verdict;
  }

  /** Asks now. Never rejects. */
  fresh(): Promise<PublicVerdict> {
    this.#askedAt = this.clock.elapsed();
    this.#asking ??= this.publicUrl.check().then((verdict) => {
      this.#asking = undefined;
      return (this.#verdict = verdict);
    });
    return this.#asking;
  }
}

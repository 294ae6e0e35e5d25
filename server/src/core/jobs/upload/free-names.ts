import type { Clock } from '../../clock';
import { isStorageError } from '../../errors';
import type { WritableBucket } from '../../buckets/send';
import type { JobContext } from '../../runner/job';
import { AT_ONCE } from '../../pool/at-once';
import type { JobDeps } from '../deps';

/** Whether nothing lay under a name when the bucket was listed. S3 still refuses to overwrite an object that came later. */
export type IsFree = (object: string) => boolean;

/** Names that are remembered at most; they take about 20 MB. With more names in the bucket, the listing is not used. */
const MOST_NAMES = 100_000;
/** How long the result of a listing, or of a failed one, is used, in milliseconds. An object that comes meanwhile is not adopted. */
const LISTED_FOR_MS = 3600_000;

interface Listed {
  readonly place: string;
  readonly at: number;
  /** The names in the bucket; null when S3 must be asked about each name. */
  readonly names: ReadonlySet<string> | null;
}

/**
 * The names in the bucket, listed once instead of asked for one by one. A library goes through phase 1 once in its life, and each
 * of its files would cost one request that asks whether an object lies under its plain name already. The listing saves that
 * request: each PUT tells S3 not to overwrite, so an object that came after the listing is safe too. The listing is used only where
 * S3 does refuse to overwrite, which this class tries with a probe first. If S3 does not refuse, or the bucket may not be listed,
 * phase 1 asks about each name.
 */
export class FreeNames {
  #listed: Listed | undefined;

  constructor(
    private readonly deps: Pick<JobDeps, 'log'> & { clock: Pick<Clock, 'elapsed'> },
    /** Number of files from which a listing is worth its cost. For fewer files it is faster to ask about each name. */
    private readonly worthFiles = 200,
  ) {}

  /**
   * @param files number of files to upload
   * @returns undefined when S3 must be asked about each name
   */
  async of(bucket: WritableBucket, files: number, { signal, options }: Pick<JobContext, 'signal' | 'options'>): Promise<IsFree | undefined> {
    if (files < this.worthFiles) return undefined;
    const place = JSON.stringify([bucket.locationId, bucket.prefix]);
    const now = this.deps.clock.elapsed();
    // whoever starts a run from the beginning may have filled the bucket just now
    if (options.fromStart || this.#listed?.place !== place || now - this.#listed.at > LISTED_FOR_MS) {
      this.#listed = { place, at: now, names: await this.#look(bucket, signal) };
    }
    const { names } = this.#listed;
    return names ? (object) => !names.has(object) : undefined;
  }

  async #look(bucket: WritableBucket, signal: AbortSignal): Promise<ReadonlySet<string> | null> {
    try {
      if (!(await bucket.overwriting.find(bucket.store, signal))) return null;
      const names = new Set<string>();
      let after: string | undefined;
      do {
        const page = await bucket.store.list(bucket.prefix, { after, limit: AT_ONCE.listed, signal });
        for (const { name } of page.objects) names.add(name);
        after = page.next ?? undefined;
      } while (after !== undefined && names.size <= MOST_NAMES);
      return after === undefined ? names : null;
    } catch (error) {
      if (!isStorageError(error)) throw error;
      // if S3 is away as a whole, the other requests will find out; if only the listing is too slow, it shall not delay the next run again
      this.deps.log.debug(`The bucket cannot be listed, so phase 1 asks S3 about each name: ${error.message}`);
      return null;
    }
  }
}

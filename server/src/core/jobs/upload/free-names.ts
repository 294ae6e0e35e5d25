import type { Clock } from '../../clock';
import { isStorageError } from '../../errors';
import type { Cloud } from '../../buckets/cloud';
import { HeldBody } from '../../store/held-body';
import { refusesOverwriting } from '../../store/overwriting';
import type { JobContext } from '../../runner/job';
import type { JobDeps } from '../deps';

/** Whether nothing lay under a name when the bucket was listed. What is put there since is not overwritten all the same. */
export type IsFree = (object: string) => boolean;

/** Of a fuller bucket not all names are remembered: some 20 MB. */
const MOST_NAMES = 100_000;
const PAGE = 1_000;
/** So long a listing is made use of, or none is tried again. An object that comes into the bucket meanwhile is not taken up. */
const LISTED_FOR_MS = 3600_000;

interface Listed {
  readonly place: string;
  readonly at: number;
  /** Null: each name must be asked for. */
  readonly names: ReadonlySet<string> | null;
}

/**
 * Spares phase 1 a request for each file: which names are taken is listed once, and S3 is told to refuse a PUT where it would
 * overwrite. Only where S3 does that, as was tried; everywhere else, and where nothing may be listed, each name is asked for.
 */
export class FreeNames {
  #listed: Listed | undefined;

  constructor(
    private readonly deps: Pick<JobDeps, 'log'> & { clock: Pick<Clock, 'elapsed'> },
    /** For fewer files each name is asked for: that is sooner done. */
    private readonly worthFiles = 200,
  ) {}

  /**
   * @param files how many are to be uploaded
   * @returns undefined where each name must be asked for
   */
  async of(cloud: Cloud, files: number, { signal, options }: Pick<JobContext, 'signal' | 'options'>): Promise<IsFree | undefined> {
    if (files < this.worthFiles) return undefined;
    const place = JSON.stringify([cloud.locationId, cloud.prefix]);
    const now = this.deps.clock.elapsed();
    // who starts a run may have filled the bucket just now
    if (options.fromStart || this.#listed?.place !== place || now - this.#listed.at > LISTED_FOR_MS) {
      this.#listed = { place, at: now, names: await this.#look(cloud, signal) };
    }
    const { names } = this.#listed;
    return names ? (object) => !names.has(object) : undefined;
  }

  async #look(cloud: Cloud, signal: AbortSignal): Promise<ReadonlySet<string> | null> {
    try {
      const probe = `${cloud.prefix}.s3-storage-probe-overwriting`;
      if (!(await refusesOverwriting(cloud.store, probe, HeldBody.of(Buffer.from('probe')), signal))) return null;
      const names = new Set<string>();
      let after: string | undefined;
      do {
        const page = await cloud.store.list(cloud.prefix, { after, limit: PAGE, signal });
        for (const { name } of page.objects) names.add(name);
        after = page.next ?? undefined;
      } while (after !== undefined && names.size <= MOST_NAMES);
      return after === undefined ? names : null;
    } catch (error) {
      if (!isStorageError(error)) throw error;
      // where S3 is away altogether the other requests will tell; a listing that alone takes too long shall not hold them up again
      this.deps.log.debug(`The bucket cannot be listed, so each name is asked for: ${error.message}`);
      return null;
    }
  }
}

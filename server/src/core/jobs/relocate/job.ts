import type { ErrorCode } from '../../../contracts/errors';
import { noteFailure } from '../../buckets/failures';
import { mayChangeBucket } from '../../buckets/may-change';
import { relocate, type Source } from '../../buckets/relocate';
import { isAway } from '../../buckets/s3-there';
import { atPlaceOf } from '../../buckets/stand-in';
import { isStorageError, StorageError } from '../../errors';
import { isBeyondFetching } from '../../ledger/given-up';
import { isOutside } from '../../ledger/relocation-steps';
import { isIn, type LedgerRow, type RowIn } from '../../ledger/state';
import type { Location, LocationId } from '../../ledger/words';
import { AT_ONCE } from '../../pool/at-once';
import type { Job, JobContext, JobOutcome } from '../../runner/job';
import type { ObjectStore } from '../../store/object-store';
import { counted } from '../counted';
import type { JobDeps } from '../deps';
import { endedEarly, paused } from '../outcome';
import { fewInParts, pace } from '../pace';
import { sizeOf } from '../sizes';
import { workThrough } from '../work-through';
import { Outside, sumOf } from './outside';

/**
 * Moves the objects that lie in former buckets, or under a former prefix, to the bucket and prefix of the settings. Each object is copied by S3 or
 * sent through this server, and proven. Only then does its row point to the new object, and the former one is removed a day later, after a look at the
 * new one. Files can be read all the time. To take it back, enter the former settings and run it again.
 */
export function relocateJob(deps: JobDeps, outside = new Outside(deps)): Job {
  const walk = new Walk(deps);
  return {
    name: 'relocate',
    scope: 'library',
    blockedBy: async () => (mayChangeBucket(deps) ? null : 'READ_ONLY'),
    warning: async () => ((await outside.groups()).some(({ location }) => !deps.buckets.storeAt(location)) ? 'FORMER_BUCKET_UNREACHED' : null),
    isComplete: async () => (await outside.count()).count === 0,
    run: (context) => (context.options.dryRun ? foresee(deps, outside, context) : new Relocation(counted(deps, context.progress), outside, walk, context).run()),
  };
}

/** The dry run. It counts the objects, and reports each former location that the settings and the kept keys do not reach. It changes nothing. */
async function foresee({ buckets, ledger }: JobDeps, outside: Outside, { progress, report, commit, signal }: JobContext): Promise<JobOutcome> {
  const locations = await ledger.locations();
  for (const { location, count, bytes } of await outside.fresh()) {
    progress.expect(count, bytes);
    for (const request of ['head', 'get', 'put'] as const) progress.requested(request, count);
    if (buckets.storeAt(location)) continue;
    const name = locations.find(({ id }) => id === location)?.bucket ?? null;
    await report([{ kind: 'failed', key: null, name, size: bytes, code: 'FORMER_BUCKET_UNREACHED', action: 'none', applied: false }]);
  }
  await commit();
  return signal.aborted ? paused(null) : { status: 'complete' };
}

/** The position in the ledger. The next run goes on where the last one had to end, and looks at the rows before only after that. */
class Walk {
  /** The next page; null at the beginning. */
  after: string | null = null;

  constructor(private readonly deps: JobDeps) {}

  /** Yields the rows of each page that are outside the present place, up to the end of the ledger. A page is done when the caller asks for the next one. */
  async *pages(signal: AbortSignal): AsyncGenerator<RowIn<'remote' | 'both'>[]> {
    for (;;) {
      const { rows, next } = await this.deps.ledger.page({ after: this.after, limit: AT_ONCE.page });
      const place = this.deps.buckets.writable;
      if (!place) return;
      yield rows.map(({ row }) => row).filter((row): row is RowIn<'remote' | 'both'> => isOutside(row, place));
      if (signal.aborted) return;
      this.after = next;
      if (next === null) return;
    }
  }
}

/** One run. */
class Relocation {
  /** The locations that are reached with a kept key and gave no answer. The run leaves their other objects alone. */
  readonly #away = new Set<LocationId>();
  #locations: readonly (Location & { readonly id: LocationId })[] | undefined;
  /** The error of the last file that was given up, and that the run left alone. */
  #givenUp: ErrorCode | null = null;

  constructor(
    private readonly deps: JobDeps,
    private readonly outside: Outside,
    private readonly walk: Walk,
    private readonly context: JobContext,
  ) {}

  async run(): Promise<JobOutcome> {
    const { deps, outside, walk, context } = this;
    const { count, bytes } = sumOf(await outside.fresh());
    context.progress.expect(count, bytes);
    if (context.options.fromStart) walk.after = null;
    const wasWhole = walk.after === null;
    const paced = fewInParts(pace(deps, context.options.concurrency));
    const result = await workThrough(deps, context, this.#rows(), (row) => paced(sizeOf(row), () => this.#one(row)), { goesOn: () => !isAway(deps.buckets, 'upload') });
    const early = endedEarly(deps, context, result, true);
    if (early) return early;
    walk.after = null;
    const left = await outside.fresh();
    if (left.length === 0) return { status: 'complete' };
    if (this.#away.size > 0) return paused('UNAVAILABLE');
    const isStuck = wasWhole && context.progress.snapshot().done === 0;
    const code = result.failure ?? this.#givenUp;
    return isStuck && code !== null && (result.failure === null || result.failure === 'FORMER_BUCKET_UNREACHED') ? { status: 'failed', code } : paused(code);
  }

  async *#rows(): AsyncGenerator<LedgerRow[]> {
    for await (const rows of this.walk.pages(this.context.signal)) {
      const beyond = rows.filter(isBeyondFetching);
      this.#givenUp = beyond.at(-1)?.lastError ?? this.#givenUp;
      const due = rows.filter((row) => !isBeyondFetching(row));
      const { batchSize } = this.context.options;
      for (let at = 0; at < due.length; at += batchSize) yield due.slice(at, at + batchSize);
    }
  }

  async #one(row: LedgerRow): Promise<boolean> {
    const { deps, context } = this;
    const bucket = deps.buckets.writable;
    if (!bucket || !isIn(row, 'remote', 'both')) return false;
    const { remote } = row.placement;
    if (this.#away.has(remote.locationId)) return false;
    try {
      return await relocate(deps, bucket, row, await this.#sourceOf(row), { signal: context.hurry });
    } catch (error) {
      if (isStorageError(error, 'UNAVAILABLE')) this.#away.add(remote.locationId);
      await noteFailure(deps, row, error);
      return false;
    }
  }

  /** Returns the row's object, if it is as it was stored. @throws StorageError OBJECT_NOT_FOUND, OBJECT_CHANGED, OBJECT_ARCHIVED, UNAVAILABLE where it is away, … */
  async #sourceOf({ key, placement: { remote, content } }: RowIn<'remote' | 'both'>): Promise<Source> {
    const { buckets } = this.deps;
    const bucket = buckets.isElsewhere(remote.locationId) ? undefined : await this.#bucketOf(remote.locationId);
    const signal = this.context.hurry;
    const refused = (code: ErrorCode) => new StorageError(code, { operation: 'relocate', subject: key, refused: true });
    const look = async (store: ObjectStore, isOwn: boolean) => {
      const facts = await store.head(remote.object, { signal });
      if (facts.archived) throw refused('OBJECT_ARCHIVED');
      const isOther = isOwn && remote.etag !== null && facts.etag !== remote.etag;
      if (facts.size !== content.size || isOther) throw refused('OBJECT_CHANGED');
      const mayBeCopied = isOwn && bucket !== undefined && facts.etag !== null;
      return { store, name: remote.object, ...(mayBeCopied && { copyOf: { bucket, name: remote.object, etag: facts.etag } }) };
    };
    return atPlaceOf(buckets, remote.locationId, look, () => refused(buckets.storeAt(remote.locationId) ? 'UNAVAILABLE' : 'FORMER_BUCKET_UNREACHED'));
  }

  /** Returns the name of the bucket of a location. */
  async #bucketOf(location: LocationId): Promise<string | undefined> {
    this.#locations ??= await this.deps.ledger.locations();
    return this.#locations.find(({ id }) => id === location)?.bucket;
  }
}

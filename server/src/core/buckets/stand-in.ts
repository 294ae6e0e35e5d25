import type { Readable } from 'node:stream';
import { codeOf, isNoAnswer, isStorageError } from '../errors';
import type { LocationId, RemoteCopy } from '../ledger/words';
import type { LedgerRow, ProvenContent } from '../ledger/state';
import type { GetOptions, ObjectFacts, ObjectStore } from '../store/object-store';
import type { Clock } from '../clock';
import type { Logger } from '../log';
import type { Buckets } from './buckets';
import { prove } from './proof';

/**
 * Size up to which a reader waits until the whole object was read and hashed, in bytes. A larger object is proven in the background, and
 * served only to later readers.
 */
const AWAITED_BYTES = 16 * 1024 * 1024;
/** Number of objects that are read and hashed at the same time. */
const PROOFS_AT_ONCE = 2;
/** Time for which an object is not read again after its proof has failed, in milliseconds. */
const REFUSED_MS = 60_000;
/** Largest number of verdicts that are remembered. */
const MAX_REMEMBERED = 10_000;

type Verdict = { readonly etag: string } | { readonly refusedAt: number };

export interface StandInParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly buckets: Pick<Buckets, 'standInFor'>;
}

/** Errors that show that a place surely does not have an object, or does not give it to these credentials, however often somebody asks. */
const NOT_THERE = ['OBJECT_NOT_FOUND', 'BUCKET_NOT_FOUND', 'ACCESS_DENIED', 'INVALID_ACCESS_KEY', 'SIGNATURE_MISMATCH'] as const;

/**
 * Reads the object of a row whose location the settings do not reach, because its endpoint has another spelling now, or somebody has
 * copied all objects to another place. The present bucket stands in for the location, under the same name. An object there counts only
 * after a proof that it has the row's bytes. The plugin reads it and never deletes it, because it may be somebody else's copy.
 */
export class StandIn {
  readonly #verdicts = new Map<string, Verdict>();
  readonly #underWay = new Map<string, Promise<boolean>>();

  constructor(private readonly parts: StandInParts) {}

  /** Opens the row's bytes. It returns undefined where the present bucket does not have them, or is the location that the row names. */
  async open(row: LedgerRow & { placement: { content: ProvenContent } }, remote: RemoteCopy, options: GetOptions): Promise<Readable | undefined> {
    const store = this.parts.buckets.standInFor(remote.locationId);
    if (!store) return undefined;
    try {
      return (await this.#proven(store, row.placement.content, remote, options)) ?? (await this.#afterProof(store, row, remote, options));
    } catch (error) {
      this.parts.log.debug(`The plugin could not read "${row.key}" from the present bucket, which stands in for its location: ${codeOf(error)}`);
      return undefined;
    }
  }

  async #proven(store: ObjectStore, content: ProvenContent, remote: RemoteCopy, options: GetOptions): Promise<Readable | undefined> {
    const object = await store.get(remote.object, options);
    const verdict = this.#verdicts.get(idOf(content, remote));
    const wasProven = verdict !== undefined && 'etag' in verdict && object.facts.etag === verdict.etag;
    if (object.facts.size === content.size && (wasProven || isCopy(object.facts, content, remote))) return object.body;
    object.body.destroy();
    return undefined;
  }

  async #afterProof(store: ObjectStore, row: LedgerRow & { placement: { content: ProvenContent } }, remote: RemoteCopy, options: GetOptions): Promise<Readable | undefined> {
    const { content } = row.placement;
    const proof = this.#proof(store, content, remote);
    if (content.size > AWAITED_BYTES || !(await proof)) return undefined;
    return this.#proven(store, content, remote, options);
  }

  /** Reads the whole object once for all readers that wait for it, and returns whether it is proven. It never rejects. */
  #proof(store: ObjectStore, content: ProvenContent, remote: RemoteCopy): Promise<boolean> {
    const id = idOf(content, remote);
    const verdict = this.#verdicts.get(id);
    const now = this.parts.clock.elapsed();
    if (verdict && 'refusedAt' in verdict && now - verdict.refusedAt < REFUSED_MS) return Promise.resolve(false);
    const known = this.#underWay.get(id);
    if (known) return known;
    if (this.#underWay.size >= PROOFS_AT_ONCE) return Promise.resolve(false);
    const proof = this.#prove(store, id, content, remote).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, proof);
    return proof;
  }

  async #prove(store: ObjectStore, id: string, content: ProvenContent, remote: RemoteCopy): Promise<boolean> {
    try {
      const { etag } = await prove(store, remote.object, content);
      // without a tag nothing would show that the object is still the same when it is served
      if (etag === null) return false;
      this.#remember(id, { etag });
      return true;
    } catch (error) {
      if (isStorageError(error, 'INTEGRITY')) this.parts.log.warn(`The object "${remote.object}" in the present bucket differs from the one that was stored elsewhere under this name, so the plugin does not serve it`);
      this.#remember(id, { refusedAt: this.parts.clock.elapsed() });
      return false;
    }
  }

  #remember(id: string, verdict: Verdict): void {
    if (this.#verdicts.size >= MAX_REMEMBERED) this.#verdicts.clear();
    this.#verdicts.set(id, verdict);
  }
}

function idOf({ md5 }: ProvenContent, { locationId, object }: RemoteCopy): string {
  return JSON.stringify([locationId, object, md5]);
}

/** Whether the facts alone prove that an object is a copy: by its MD5, or by a tag that is the same in both places. */
export function isCopy(facts: ObjectFacts, content: ProvenContent, remote: RemoteCopy): boolean {
  if (facts.size !== content.size) return false;
  return facts.md5 === content.md5 || (facts.etag !== null && facts.etag === remote.etag);
}

/** Whether an error only says that another endpoint than the present one does not answer. A job goes on with its other files then. */
export function isAwayAlone(buckets: Pick<Buckets, 'isElsewhere'>, location: LocationId, error: unknown): boolean {
  return isNoAnswer(error) && !isStorageError(error, 'ABORTED') && buckets.isElsewhere(location);
}

/**
 * Runs a job's work with a row's object at the object's own location. Where the settings do not reach that, or it surely does not have the
 * object, or where that is another endpoint that does not answer, the work runs with the bucket that stands in for it.
 * @throws the error of its own location, or `outOfReach` where the settings do not reach that or it is away alone, unless the stand-in
 *   succeeds
 */
export async function atPlaceOf<T>(
  buckets: Pick<Buckets, 'storeAt' | 'standInFor' | 'isElsewhere'>,
  location: LocationId,
  work: (store: ObjectStore, isOwn: boolean) => Promise<T>,
  outOfReach: () => Error,
): Promise<T> {
  const own = buckets.storeAt(location);
  const other = buckets.standInFor(location);
  let failure: unknown;
  try {
    if (own) return await work(own, true);
    failure = outOfReach();
  } catch (error) {
    const isAway = isAwayAlone(buckets, location, error);
    if (!isAway && (!other || !isStorageError(error, ...NOT_THERE))) throw error;
    failure = isAway ? outOfReach() : error;
  }
  if (!other) throw failure;
  try {
    return await work(other, false);
  } catch (error) {
    // an object that the present bucket lacks proves nothing, because no row says that it is there
    throw isStorageError(error, ...NOT_THERE, 'OBJECT_CHANGED', 'INTEGRITY') ? failure : error;
  }
}

import { codeOf, isStorageError } from '../errors';
import { isOwnLocalName } from '../keys';
import type { DueFile, DueName } from '../ledger/words';
import { AT_ONCE } from '../pool/at-once';
import type { SweepParts } from './deps';
import type { ObjectStore } from '../store/object-store';
import { RightBucket } from './right-bucket';
import { requireStored } from './still-stored';

/** How long a name that S3 or the disk would not let go of is left alone, in milliseconds. */
const RETRY_MS = 10 * 60_000;

/**
 * The only place that removes bytes, and only under names that a committed transaction has condemned: nobody needs
 * them, and nobody will ever write under them again. A name that cannot be removed now is tried again in the next run.
 * @returns how many names were removed
 */
export async function sweep(deps: SweepParts, signal: AbortSignal): Promise<number> {
  await deps.ledger.condemnAbandoned();
  let removed = await sweepFiles(deps, signal);
  if (!deps.buckets.writable) return removed;
  for (const { id: locationId } of await deps.ledger.locations()) {
    if (!deps.buckets.storeAt(locationId)) continue;
    removed += await sweepNames(deps, signal, () => deps.ledger.dueNames({ kind: 'object', locationId }, AT_ONCE.sweepBatch));
  }
  return removed;
}

/** The same for this disk alone. */
export function sweepFiles(deps: SweepParts, signal: AbortSignal): Promise<number> {
  return sweepNames(deps, signal, () => deps.ledger.dueNames({ kind: 'file', volume: deps.volume.id }, AT_ONCE.sweepBatch));
}

async function sweepNames(deps: SweepParts, signal: AbortSignal, due: () => Promise<DueName[]>): Promise<number> {
  const bucket = new RightBucket(deps);
  let removed = 0;
  while (!signal.aborted) {
    const names = await due();
    for (const name of names) {
      if (signal.aborted) return removed;
      if (await removeBytes(deps, name, bucket, signal)) removed++;
      // what was broken off is due as before
      else if (signal.aborted) return removed;
      // away, or not to be changed any more: the others would fare no better
      else if (name.kind === 'object' && deps.buckets.writable?.breaker.state.kind !== 'closed') return removed;
      else await deps.ledger.postpone(name.id, RETRY_MS);
    }
    if (names.length < AT_ONCE.sweepBatch) return removed;
  }
  return removed;
}

async function removeBytes(deps: SweepParts, name: DueName, bucket: RightBucket, signal: AbortSignal): Promise<boolean> {
  try {
    if (name.kind === 'file') {
      // guard: sweep-proves-the-object-again
      await requireStored(deps, name, bucket, signal);
      await removeFile(deps, name, signal);
    } else {
      // asked each time: the settings may have made this instance read-only a moment ago
      const store = deps.buckets.writable && deps.buckets.storeAt(name.locationId);
      if (!store) return false;
      // first, or what is put together between the two would stay
      if (name.unfinished) await freeParts(deps, store, name);
      if (await isForeign(store, name)) deps.log.warn(`The object "${name.name}" in S3 is none of ours, although a write of "${name.key}" began under its name: it was left alone`);
      else await store.delete(name.name);
    }
    await deps.ledger.swept(name.id);
    return true;
  } catch (error) {
    if (!isStorageError(error)) throw error;
    deps.log.debug(`a condemned ${name.kind} of "${name.key}" could not be removed yet: ${codeOf(error)}`);
    return false;
  }
}

/**
 * Whether an object lies under the name of a write that never ended, and cannot be that write's: nothing was there when it began, but
 * others write to the bucket as well. A PUT that lands late has all its bytes, so another size is somebody else's.
 */
async function isForeign(store: ObjectStore, { unfinished, content, name }: DueName): Promise<boolean> {
  if (!unfinished || content === null) return false;
  try {
    return (await store.head(name)).size !== content.size;
  } catch (error) {
    // denied is what some say of what is not there, to those who may not list
    if (!isStorageError(error, 'OBJECT_NOT_FOUND', 'ACCESS_DENIED')) throw error;
    return false;
  }
}

/** A write that never ended may have left parts that nobody sees and that cost money. Of this name alone: it is ours. */
async function freeParts({ log }: SweepParts, store: ObjectStore, { key, name }: DueName): Promise<void> {
  try {
    await store.abortWrites(name);
  } catch (error) {
    if (!isStorageError(error, 'UNSUPPORTED', 'ACCESS_DENIED', 'REJECTED', 'NOT_S3')) throw error;
    log.debug(`whether parts of "${key}" are left in S3 cannot be told (${error.code}): a lifecycle rule of the bucket removes them`);
  }
}

/** Where others write as well, only what was condemned is removed; another file has not become ours by lying there. */
async function removeFile({ disk, ledger, log }: SweepParts, due: DueFile, signal: AbortSignal): Promise<void> {
  if (isOwnLocalName(due.name)) return disk.delete(due.name);
  const { id, content, condemnedAt } = due;
  const known = { id, size: content?.size ?? null, md5: content?.md5 ?? null, before: condemnedAt, stillDue: () => ledger.stillDue(id) };
  const removal = await disk.removeKnown(due.name, known, signal);
  if (removal === 'left') log.warn(`"${due.name}" is not the file that was replaced or deleted: it was left alone`);
  if (removal === 'aside') log.warn(`"${due.name}" was changed by somebody else while it was removed: that file lies in .s3-storage/aside`);
}

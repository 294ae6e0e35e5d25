import { codeOf, isStorageError } from '../errors';
import { isOwnLocalName } from '../keys';
import type { DueFile, DueName } from '../ledger/words';
import { AT_ONCE } from '../pool/at-once';
import { forEach } from '../pool/for-each';
import type { SweepParts } from './deps';
import type { ObjectStore } from '../store/object-store';
import { RightBucket } from './right-bucket';
import { requireRelocated } from './still-relocated';
import { requireStored } from './still-stored';

/** Delay before a failed removal is tried again, in milliseconds. */
const RETRY_MS = 10 * 60_000;

/**
 * Removes the bytes under condemned names. Nothing else in the plugin removes bytes. A committed transaction has condemned each of these
 * names: nobody needs its bytes, and nobody will ever write under it again. A later run tries a name again that could not be removed.
 * @returns the number of names whose bytes were removed
 */
export async function sweep(deps: SweepParts, signal: AbortSignal): Promise<number> {
  await deps.ledger.condemnAbandoned();
  let removed = await sweepFiles(deps, signal);
  if (!deps.buckets.writable) return removed;
  for (const { id: locationId } of await deps.ledger.locations()) {
    if (!deps.buckets.storeAt(locationId)) continue;
    // one after the other: once somebody has forbidden this instance to change the bucket, no further object goes
    removed += await sweepNames(deps, signal, 1, () => deps.ledger.dueNames({ kind: 'object', locationId }, AT_ONCE.sweepBatch));
  }
  return removed;
}

/** Removes the condemned files of this disk alone. @returns their number */
export function sweepFiles(deps: SweepParts, signal: AbortSignal): Promise<number> {
  return sweepNames(deps, signal, AT_ONCE.removals, () => deps.ledger.dueNames({ kind: 'file', volume: deps.volume.id }, AT_ONCE.sweepBatch));
}

async function sweepNames(deps: SweepParts, signal: AbortSignal, atOnce: number, due: () => Promise<DueName[]>): Promise<number> {
  const bucket = new RightBucket(deps);
  // it also ends where S3 does not answer, or must not be changed any more: the other names would fail as well
  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  let removed = 0;
  while (!ends.aborted) {
    const names = await due();
    const swept: number[] = [];
    const one = async (name: DueName): Promise<void> => {
      if (await removeBytes(deps, name, bucket, signal)) swept.push(name.id);
      // a removal that was broken off stays due
      else if (signal.aborted) return;
      else if (name.kind === 'object' && deps.buckets.writable?.breaker.state.kind !== 'closed') over.abort();
      else await deps.ledger.postpone(name.id, RETRY_MS);
    };
    try {
      await forEach(names, atOnce, one, { signal: ends });
    } finally {
      if (swept.length > 0) await deps.ledger.swept(swept);
    }
    removed += swept.length;
    if (names.length < AT_ONCE.sweepBatch) return removed;
  }
  return removed;
}

/** @returns whether the bytes are gone, which the caller notes in the ledger */
async function removeBytes(deps: SweepParts, name: DueName, bucket: RightBucket, signal: AbortSignal): Promise<boolean> {
  try {
    if (name.kind === 'file') {
      // guard: sweep-proves-the-object-again
      await requireStored(deps, name, bucket, signal);
      await removeFile(deps, name, signal);
    } else {
      // this is asked for each name, because a change of the settings or of the owner may have made this instance read-only a moment ago
      const store = await deps.buckets.removableAt(name.locationId, name.name);
      if (!store) return false;
      // guard: sweep-proves-the-relocated-object
      await requireRelocated(deps, name, store, signal);
      // the parts go first: an upload that S3 puts together between the two steps would otherwise stay
      if (name.unfinished) await freeParts(deps, store, name);
      if (await isForeign(store, name)) deps.log.warn(`The object "${name.name}" in S3 does not belong to the plugin, although a write of "${name.key}" began under its name: it stays`);
      else await store.delete(name.name);
    }
    return true;
  } catch (error) {
    if (!isStorageError(error)) throw error;
    deps.log.debug(`a condemned ${name.kind} of "${name.key}" could not be removed yet: ${codeOf(error)}`);
    return false;
  }
}

/**
 * Whether an object under the name of a write that never ended comes from somebody else. Nothing was there when the write began, but others
 * write to the bucket as well. A PUT that arrives late has all its bytes, so that an object of another size cannot come from it. Another MD5 would
 * prove nothing: the bytes may have been damaged on their way.
 */
async function isForeign(store: ObjectStore, { unfinished, content, name }: DueName): Promise<boolean> {
  if (!unfinished || content === null) return false;
  try {
    return (await store.head(name)).size !== content.size;
  } catch (error) {
    // without the right to list, some providers answer 403 for an object that does not exist
    if (!isStorageError(error, 'OBJECT_NOT_FOUND', 'ACCESS_DENIED')) throw error;
    return false;
  }
}

/** Removes the parts of an upload that never ended, which nobody sees and which cost money. It touches only this name, because it is the plugin's. */
async function freeParts({ log }: SweepParts, store: ObjectStore, { key, name }: DueName): Promise<void> {
  try {
    await store.abortWrites(name);
  } catch (error) {
    if (!isStorageError(error, 'UNSUPPORTED', 'ACCESS_DENIED', 'REJECTED', 'NOT_S3')) throw error;
    log.debug(`S3 does not tell whether parts of "${key}" are left (${error.code}): a lifecycle rule of the bucket removes them`);
  }
}

/** Removes a condemned file. Others write to plain paths as well, so that there only the very file goes that was condemned. */
async function removeFile({ disk, ledger, log }: SweepParts, due: DueFile, signal: AbortSignal): Promise<void> {
  if (isOwnLocalName(due.name)) return disk.delete(due.name);
  const { id, content, condemnedAt } = due;
  const known = { id, size: content?.size ?? null, md5: content?.md5 ?? null, before: condemnedAt, stillDue: () => ledger.stillDue(id) };
  const removal = await disk.removeKnown(due.name, known, signal);
  if (removal === 'left') log.warn(`"${due.name}" is not the file that was replaced or deleted: it was left alone`);
  if (removal === 'aside') log.warn(`Somebody changed "${due.name}" while the sweeper removed it: the changed file lies in .s3-storage/aside`);
}

import type { ErrorCode } from '../../contracts/errors';
import { isStorageError } from '../errors';
import type { DueFile } from '../ledger/words';
import { isIn, type RowIn } from '../ledger/state';
import type { SweepParts } from './deps';
import { proveObject } from './prove-object';
import type { RightBucket } from './right-bucket';
import { hasBytes, keepBeside, takeBack } from './take-back';

/** How long the proof that a file was condemned upon is taken as it is, in milliseconds. */
const FRESH_MS = 60_000;

/**
 * A cleanup proves the object before it condemns the file, but the file is removed after a grace, or after a crash: what has become of
 * the object meanwhile is asked before these bytes, the last on any disk, go. Other files are not needed whatever S3 has.
 * Where the object is not what was stored, or cannot be read, the row gets these bytes back under another name, and this one may go; where
 * they cannot be given back, that is noted in the ledger.
 * @throws StorageError OBJECT_NOT_FOUND, OBJECT_CHANGED, OBJECT_ARCHIVED; or why S3 does not tell. The file stays then
 */
export async function requireStored(deps: SweepParts, due: DueFile, bucket: RightBucket, signal?: AbortSignal): Promise<void> {
  const { content, condemnedMs } = due;
  // by a write that never ended there was no copy; and one that a settling or a replace condemned is not the row's only one
  if (due.unfinished || content === null || (condemnedMs >= 0 && condemnedMs < FRESH_MS)) return;
  const row = await deps.ledger.find(due.key);
  if (!isIn(row, 'remote')) return;
  const { size, md5 } = row.placement.content;
  if (content.size !== size || (content.md5 !== null && content.md5 !== md5)) return;
  try {
    await proveObject(deps, row, row.placement.content, signal);
  } catch (error) {
    if (!isStorageError(error, 'OBJECT_NOT_FOUND', 'OBJECT_CHANGED', 'OBJECT_ARCHIVED')) throw error;
    // guard: damaged-object-gives-the-file-back
    const given = await givenBack(deps, row, due, bucket, signal);
    if (!given) await note(deps, row, error.code);
    if (!given || given === 'stored') throw error;
    tell(deps, row, error.code, given);
    // it has failed for everybody who looks at the file, until its object is the one that was stored, or another one is sent
    if (given === 'kept') await failedNow(deps, row, error.code);
  }
}

async function failedNow({ ledger }: SweepParts, { key }: RowIn<'remote'>, code: ErrorCode): Promise<void> {
  const row = await ledger.find(key);
  if (isIn(row, 'both')) await ledger.recordFailure(row, code, 0);
}

/**
 * `sent-again`: the object is forgotten, and phase 1 sends the file again. `kept`: the row has the file beside the object. `stored`: S3
 * has the object at a second look.
 */
type GivenBack = 'sent-again' | 'kept' | 'stored';

/**
 * An object is forgotten only where the bucket proves itself to be the right one. In another one, everything looks lost: the row would
 * forget the object that the right bucket still has, and this copy would be sent to the wrong one and then removed. There the row gets
 * the file beside its object, and the administrator and the audit decide about that.
 * @returns undefined where the file stays as it is
 */
async function givenBack(deps: SweepParts, row: RowIn<'remote'>, due: DueFile, bucket: RightBucket, signal: AbortSignal | undefined): Promise<GivenBack | undefined> {
  // a copy of production sees what production has deleted since, and leaves its ledger alone; while S3 is being left every byte is wanted back
  if (row.tombstone !== null || (!deps.buckets.writable && !deps.instance.leaving)) return undefined;
  const isRightBucket = await bucket.isProven(row.placement.remote.locationId);
  // once more, as the bucket may have been the right one only in between
  const second = await lookAgain(deps, row, signal);
  if (second !== 'lost' && second !== 'archived') return second;
  if (!(await hasBytes(deps, row, due.name, signal))) return undefined;
  // an archived object is not forgotten: somebody can restore it
  if (isRightBucket && second === 'lost') return (await takeBack(deps, row, due.name)) ? 'sent-again' : undefined;
  return (await keepBeside(deps, row, due.name)) ? 'kept' : undefined;
}

async function lookAgain(deps: SweepParts, row: RowIn<'remote'>, signal: AbortSignal | undefined): Promise<'stored' | 'lost' | 'archived' | undefined> {
  try {
    await proveObject(deps, row, row.placement.content, signal);
    return 'stored';
  } catch (error) {
    if (!isStorageError(error) || error.code === 'ABORTED') throw error;
    if (error.code === 'OBJECT_ARCHIVED') return 'archived';
    return isStorageError(error, 'OBJECT_NOT_FOUND', 'OBJECT_CHANGED') ? 'lost' : undefined;
  }
}

const NEXT = {
  'sent-again': 'Phase 1 sends it to S3 once more',
  kept: 'The bucket has no other file that proves it to be the right one, so nothing is sent by itself: check the bucket, then run an audit',
  archived: 'Restore the object in S3, or change the lifecycle rule that archived it',
} as const;

function tell({ log }: SweepParts, { key }: RowIn<'remote'>, code: ErrorCode, given: 'sent-again' | 'kept'): void {
  const archived = code === 'OBJECT_ARCHIVED';
  const what = archived ? 'cannot be read' : 'is not what was stored';
  log.warn(`"${key}" in S3 ${what} (${code}): it is served from this disk again, by a copy that a cleanup had marked for removal. ${NEXT[archived ? 'archived' : given]}`);
}

/** Once: it is looked at again and again, and the audit puts it right from the file that was kept. */
async function note({ ledger, log }: SweepParts, row: RowIn<'remote'>, code: ErrorCode): Promise<void> {
  if (row.lastError === code) return;
  const [what, then] = code === 'OBJECT_ARCHIVED' ? ['cannot be read', ''] : ['is not what was stored', '. An audit can send it again'];
  log.warn(`"${row.key}" in S3 ${what} (${code}): its file, which a cleanup has marked for removal, stays on this disk${then}`);
  await ledger.recordFailure(row, code, 0);
}

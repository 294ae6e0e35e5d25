import type { ErrorCode } from '../../contracts/errors';
import { isStorageError } from '../errors';
import type { DueFile } from '../ledger/ledger';
import { isIn, type RowIn } from '../ledger/state';
import type { EngineParts } from '../media/deps';
import { proveObject } from './prove-object';
import type { RightBucket } from './right-bucket';
import { hasBytes, takeBack } from './take-back';

/** How long the proof that a file was condemned upon is taken as it is, in milliseconds. */
const FRESH_MS = 60_000;

/**
 * A cleanup proves the object before it condemns the file, but the file is removed after a grace, or after a crash: what has become of
 * the object meanwhile is asked before these bytes, the last on any disk, go. Other files are not needed whatever S3 has.
 * Where the object is surely lost, the row gets these bytes back, and may be uploaded again; else that is noted in the ledger.
 * @throws StorageError OBJECT_NOT_FOUND, OBJECT_CHANGED, OBJECT_ARCHIVED; or why S3 does not tell. The file stays then
 */
export async function requireStored(deps: EngineParts, due: DueFile, bucket: RightBucket): Promise<void> {
  const { content, condemnedMs } = due;
  // by a write that never ended there was no copy; and one that a settling or a replace condemned is not the row's only one
  if (due.unfinished || content === null || (condemnedMs >= 0 && condemnedMs < FRESH_MS)) return;
  const row = await deps.ledger.find(due.key);
  if (!isIn(row, 'remote')) return;
  const { size, md5 } = row.placement.content;
  if (content.size !== size || (content.md5 !== null && content.md5 !== md5)) return;
  try {
    await proveObject(deps, row, row.placement.content);
  } catch (error) {
    if (!isStorageError(error, 'OBJECT_NOT_FOUND', 'OBJECT_CHANGED', 'OBJECT_ARCHIVED')) throw error;
    // an archived object is not lost: somebody can restore it
    if (error.code === 'OBJECT_ARCHIVED') await note(deps, row, error.code);
    else if (await isTakenBack(deps, row, due, bucket)) tell(deps, row, error.code);
    else await note(deps, row, error.code);
    throw error;
  }
}

/**
 * Not from a bucket that may be another one: the object would be forgotten that the right one still has, and this copy be sent to the
 * wrong one and then removed. There it takes an administrator, and the audit.
 */
async function isTakenBack(deps: EngineParts, row: RowIn<'remote'>, due: DueFile, bucket: RightBucket): Promise<boolean> {
  // a copy of production sees what production has deleted since, and leaves its ledger alone; on the way out every byte is wanted back
  if (row.tombstone !== null || (!deps.cloud() && !deps.leaving())) return false;
  if (!(await bucket.isProven(row.placement.remote.locationId))) return false;
  // once more, as the bucket may have been the right one only in between
  return (await isLost(deps, row)) && (await hasBytes(deps, row, due.name)) && takeBack(deps, row, due.name);
}

async function isLost(deps: EngineParts, row: RowIn<'remote'>): Promise<boolean> {
  try {
    await proveObject(deps, row, row.placement.content);
    return false;
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return isStorageError(error, 'OBJECT_NOT_FOUND', 'OBJECT_CHANGED');
  }
}

function tell({ log }: EngineParts, { key }: RowIn<'remote'>, code: ErrorCode): void {
  log.warn(`"${key}" in S3 is not what was stored (${code}): it is served from this disk again, by a copy that a cleanup had marked for removal. Phase 1 sends it to S3 once more`);
}

/** Once: it is looked at again and again, and the audit puts it right from the file that was kept. */
async function note({ ledger, log }: EngineParts, row: RowIn<'remote'>, code: ErrorCode): Promise<void> {
  if (row.lastError === code) return;
  const [what, then] = code === 'OBJECT_ARCHIVED' ? ['cannot be read', ''] : ['is not what was stored', '. An audit can send it again'];
  log.warn(`"${row.key}" in S3 ${what} (${code}): its file, which a cleanup has marked for removal, stays on this disk${then}`);
  await ledger.recordFailure(row, code, 0);
}

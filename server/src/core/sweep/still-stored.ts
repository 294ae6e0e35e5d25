import type { ErrorCode } from '../../contracts/errors';
import { isStorageError } from '../errors';
import type { DueFile } from '../ledger/words';
import { isIn, type RowIn } from '../ledger/state';
import type { SweepParts } from './deps';
import { proveObject } from './prove-object';
import type { RightBucket } from './right-bucket';
import { hasBytes, keepBeside, takeBack } from './take-back';

/** Time for which the proof that came before a condemnation still counts, in milliseconds. */
const FRESH_MS = 60_000;

/**
 * Proves the object once more before the sweeper removes the last bytes of a row on any disk. A cleanup proved it before it condemned the
 * file, but the removal comes after a grace, or after a crash, and the object may have changed meanwhile. Nobody needs other condemned
 * files, whatever S3 has. If the object is not the one that was stored, or cannot be read, the row gets these bytes back under
 * another name, and the sweeper may remove this one. If the bytes cannot be given back, the ledger notes that.
 * @throws StorageError OBJECT_NOT_FOUND, OBJECT_CHANGED, OBJECT_ARCHIVED; or the reason why S3 does not answer. The file then stays
 */
export async function requireStored(deps: SweepParts, due: DueFile, bucket: RightBucket, signal?: AbortSignal): Promise<void> {
  const { content, condemnedMs } = due;
  // a write that never ended left no copy, and a file that a settling or a replacement condemned is not the row's only copy
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
    // the file counts as failed until its object is the one that was stored, or another object is sent
    if (given === 'kept') await failedNow(deps, row, error.code);
  }
}

async function failedNow({ ledger }: SweepParts, { key }: RowIn<'remote'>, code: ErrorCode): Promise<void> {
  const row = await ledger.find(key);
  if (isIn(row, 'both')) await ledger.recordFailure(row, code, 0);
}

/**
 * `sent-again`: the row forgets its object, and phase 1 sends the file again. `kept`: the row has the file beside the object. `stored`:
 * at the second look S3 has the object.
 */
type GivenBack = 'sent-again' | 'kept' | 'stored';

/**
 * Gives the bytes of a condemned file back to its row. The row forgets its object only if the bucket proves itself to be the right one. In
 * a wrong bucket every object looks lost: the row would forget an object that the right bucket still has, and the plugin would
 * send this copy to the wrong bucket and then remove it. In that case the row gets the file beside its object, and the
 * administrator and the audit decide.
 * @returns undefined if the file stays as it is
 */
async function givenBack(deps: SweepParts, row: RowIn<'remote'>, due: DueFile, bucket: RightBucket, signal: AbortSignal | undefined): Promise<GivenBack | undefined> {
  // a copy of production misses the objects that production has deleted since, and must not change its ledger for them; a project that
  // is leaving wants every byte back
  if (row.tombstone !== null || (!deps.buckets.writable && !deps.instance.leaving)) return undefined;
  const isRightBucket = await bucket.isProven(row.placement.remote.locationId);
  // this second look comes after the proof of the bucket, because the bucket may have been a wrong one at the first look
  const second = await lookAgain(deps, row, signal);
  if (second !== 'lost' && second !== 'archived') return second;
  if (!(await hasBytes(deps, row, due.name, signal))) return undefined;
  // the row does not forget an archived object, because somebody can restore it
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
  kept: 'No other file in the bucket proves that it is the right one, so the plugin sends nothing by itself: check the bucket, then run an audit',
  archived: 'Restore the object in S3, or change the lifecycle rule that archived it',
} as const;

function tell({ log }: SweepParts, { key }: RowIn<'remote'>, code: ErrorCode, given: 'sent-again' | 'kept'): void {
  const archived = code === 'OBJECT_ARCHIVED';
  const what = archived ? 'cannot be read' : 'is not what was stored';
  log.warn(`"${key}" in S3 ${what} (${code}): it is served from this disk again, from a copy that a cleanup had condemned. ${NEXT[archived ? 'archived' : given]}`);
}

/** Notes the failure in log and ledger, once: the sweeper comes to the file again and again. An audit can repair the row from the file. */
async function note({ ledger, log }: SweepParts, row: RowIn<'remote'>, code: ErrorCode): Promise<void> {
  if (row.lastError === code) return;
  const [what, then] = code === 'OBJECT_ARCHIVED' ? ['cannot be read', ''] : ['is not what was stored', '. An audit can send it again'];
  log.warn(`"${row.key}" in S3 ${what} (${code}): its file, which a cleanup has condemned, stays on this disk${then}`);
  await ledger.recordFailure(row, code, 0);
}

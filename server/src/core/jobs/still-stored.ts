import type { ErrorCode } from '../../contracts/errors';
import { isStorageError } from '../errors';
import type { DueName } from '../ledger/ledger';
import { isIn, type RowIn } from '../ledger/state';
import type { EngineParts } from '../media/deps';
import { proveObject } from './prove-object';

/** How long the proof that a file was condemned upon is taken as it is, in milliseconds. */
const FRESH_MS = 60_000;

/**
 * A cleanup proves the object before it condemns the file, but the file is removed after a grace, or after a crash: what has become of
 * the object meanwhile is asked before these bytes, the last on any disk, go. Other files are not needed whatever S3 has.
 * @throws StorageError OBJECT_NOT_FOUND, OBJECT_CHANGED, also noted in the ledger; or why S3 does not tell
 */
export async function requireStored(deps: EngineParts, due: DueName): Promise<void> {
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
    if (isStorageError(error, 'OBJECT_NOT_FOUND', 'OBJECT_CHANGED')) await note(deps, row, error.code);
    throw error;
  }
}

/** Once: it is looked at again and again, and the audit puts it right from the file that was kept. */
async function note({ ledger, log }: EngineParts, row: RowIn<'remote'>, code: ErrorCode): Promise<void> {
  if (row.lastError === code) return;
  log.warn(`"${row.key}" in S3 is not what was stored (${code}): its file, which a cleanup has marked for removal, stays on this disk. An audit can send it again`);
  await ledger.recordFailure(row, code, 0);
}

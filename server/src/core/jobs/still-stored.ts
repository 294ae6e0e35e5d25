import type { ErrorCode } from '../../contracts/errors';
import { isStorageError, StorageError } from '../errors';
import type { DueName } from '../ledger/ledger';
import { isIn, type RowIn } from '../ledger/state';
import type { EngineParts } from '../media/deps';
import { prove } from '../media/proof';

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
    await proveRow(deps, row);
  } catch (error) {
    if (isStorageError(error, 'OBJECT_NOT_FOUND', 'OBJECT_CHANGED')) await note(deps, row, error.code);
    throw error;
  }
}

async function proveRow({ storeAt }: EngineParts, row: RowIn<'remote'>): Promise<void> {
  const { remote, content } = row.placement;
  const store = storeAt(remote.locationId);
  if (!store) throw new StorageError('UNAVAILABLE', { operation: 'verify', subject: row.key, refused: true });
  const changed = (cause?: unknown) => new StorageError('OBJECT_CHANGED', { operation: 'verify', subject: row.key, cause });
  const facts = await store.head(remote.object);
  if (facts.size !== content.size || (remote.etag !== null && facts.etag !== null && facts.etag !== remote.etag)) throw changed();
  if (facts.md5 === null && remote.etag !== null && facts.etag !== null) return;
  await prove(store, remote.object, content, undefined, { seen: facts }).catch((cause: unknown) => {
    throw isStorageError(cause, 'INTEGRITY') ? changed(cause) : cause;
  });
}

/** Once: it is looked at again and again, and the audit puts it right from the file that was kept. */
async function note({ ledger, log }: EngineParts, row: RowIn<'remote'>, code: ErrorCode): Promise<void> {
  if (row.lastError === code) return;
  log.warn(`"${row.key}" in S3 is not what was stored (${code}): its file, which a cleanup has marked for removal, stays on this disk. An audit can send it again`);
  await ledger.recordFailure(row, code, 0);
}

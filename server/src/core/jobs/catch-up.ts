import { codeOf, isStorageError, StorageError } from '../errors';
import { isIn, type RowIn } from '../ledger/state';
import { storedBody } from '../media/body';
import { send } from '../media/cloud';
import type { EngineParts } from '../media/deps';

const BATCH = 100;
/** Short, because the files of a process that was killed wait for so long. */
const CLAIM_MS = 60_000;
const RETRY_BASE_MS = 2_000;
/** For a file that fails by itself. */
const RETRY_CAP_MS = 10 * 60_000;
/** For S3's own refusals (rights, a wrong secret): once those end, every file shall follow at once. */
const REFUSED_CAP_MS = 30_000;

export interface CatchUpResult {
  uploaded: number;
  failed: number;
}

/**
 * Uploads what was written to this disk because S3 was away. Stops when S3 goes away again; a row that fails by itself
 * is noted, waits longer each time, and holds nobody up.
 */
export async function catchUp(deps: EngineParts, concurrency: number, signal: AbortSignal): Promise<CatchUpResult> {
  const result: CatchUpResult = { uploaded: 0, failed: 0 };
  const goesOn = () => !signal.aborted && deps.cloud()?.breaker.state.kind === 'closed';
  while (goesOn()) {
    const due = await deps.ledger.claim({ work: 'upload', volume: deps.volume.id, origin: 'fallback', limit: BATCH }, CLAIM_MS);
    const rows = due.filter((row): row is RowIn<'local'> => isIn(row, 'local'));
    let uploaded = 0;
    const work = async () => {
      while (goesOn()) {
        const row = rows.shift();
        if (!row) return;
        if (await uploadRow(deps, row, signal)) uploaded++;
        else result.failed++;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    await deps.ledger.release(rows);
    result.uploaded += uploaded;
    if (uploaded === 0) break;
  }
  return result;
}

/** Uploads one local file and commits it as `both`; the file stays. @returns false when it did not come to that */
async function uploadRow(deps: EngineParts, row: RowIn<'local'>, signal: AbortSignal): Promise<boolean> {
  const { ledger, disk } = deps;
  const cloud = deps.cloud();
  if (!cloud) return false;
  try {
    const { local, content } = row.placement;
    const body = await storedBody(disk, local.localName);
    if (body.size !== content.size || (content.md5 !== null && body.md5 !== content.md5)) {
      throw new StorageError('INTEGRITY', { operation: 'upload', subject: row.key, detail: 'the file on disk has changed' });
    }
    const sent = await send(deps, cloud, row.key, body, { mime: content.mime, plainUsed: row.plainUsed, background: true, signal });
    const committed = await ledger.commitUpload(row, sent.intent, { etag: sent.etag, md5: body.md5 });
    deps.rows.forget([row.key]);
    return committed;
  } catch (error) {
    if (!isStorageError(error)) throw error;
    // S3 being away is not this file's fault, and the breaker's probe says when it is back
    if (cloud.breaker.state.kind !== 'closed' || isStorageError(error, 'ABORTED', 'CIRCUIT_OPEN')) {
      await ledger.release([row]);
      return false;
    }
    // of S3's own troubles one warning was given when they began
    const ofThisFile = isStorageError(error, 'INTEGRITY', 'OBJECT_NOT_FOUND', 'DISK_ERROR');
    const ceiling = Math.min(ofThisFile ? RETRY_CAP_MS : REFUSED_CAP_MS, RETRY_BASE_MS * 2 ** Math.min(row.attempts, 20));
    await ledger.recordFailure(row, codeOf(error), Math.round(ceiling * (0.5 + deps.clock.random() / 2)));
    deps.log[ofThisFile ? 'warn' : 'debug'](`"${row.key}" stays on disk for now: ${error.message} ${error.hint}`);
    return false;
  }
}

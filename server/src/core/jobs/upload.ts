import { isIn, type LedgerRow } from '../ledger/state';
import { send } from '../media/cloud';
import type { EngineParts } from '../media/deps';
import { noteFailure } from './failures';
import { localBody } from './local-copy';

/**
 * Uploads one file of this disk, proves it and commits it as `both`; the file stays.
 * @returns whether it came to that; why not is noted in the ledger
 */
export async function uploadRow(deps: EngineParts, row: LedgerRow, signal: AbortSignal): Promise<boolean> {
  const cloud = deps.cloud();
  if (!cloud || !isIn(row, 'local')) return false;
  try {
    const { local, content } = row.placement;
    const body = await localBody(deps, row.key, local, content);
    const sent = await send(deps, cloud, row.key, body, { mime: content.mime, plainUsed: row.plainUsed, background: true, signal });
    const committed = await deps.ledger.commitUpload(row, sent.intent, { etag: sent.etag, md5: body.md5 });
    deps.rows.forget([row.key]);
    return committed;
  } catch (error) {
    await noteFailure(deps, row, error);
    return false;
  }
}

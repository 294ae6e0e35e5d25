import { isNoAnswer, isStorageError } from '../errors';
import { plainObjectName } from '../keys';
import { isIn, type LedgerRow } from '../ledger/state';
import { seenUnder, send, type Cloud } from '../media/cloud';
import type { EngineParts } from '../media/deps';
import { prove } from '../media/proof';
import type { Body, ObjectFacts } from '../store/object-store';
import { noteFailure } from './failures';
import { localBody } from './local-copy';

/**
 * Uploads one file of this disk, proves it and commits it as `both`; the file stays. If the same bytes lie in the bucket under
 * the plain name already, they are proven and committed instead.
 * @returns whether it came to that; why not is noted in the ledger
 */
export async function uploadRow(deps: EngineParts, row: LedgerRow, signal: AbortSignal): Promise<boolean> {
  const cloud = deps.cloud();
  if (!cloud || !isIn(row, 'local')) return false;
  try {
    const { local, content } = row.placement;
    const body = await localBody(deps, row.key, local, content);
    const object = plainObjectName(cloud.prefix, row.key);
    // a write of our own that was given the plain name may be there unproven, or land there late
    const seen = row.plainUsed ? 'unknown' : await seenUnder(cloud.store, object, signal);
    const same = typeof seen === 'object' ? await sameBytes(cloud, object, body, seen, signal) : undefined;
    let committed: boolean;
    if (same) {
      const remote = { locationId: cloud.locationId, object, etag: same.etag };
      committed = await deps.ledger.commitAdoption(row, remote, body.md5);
    } else {
      const options = { mime: content.mime, plainUsed: row.plainUsed, plainFree: seen === 'nothing', background: true, signal };
      const sent = await send(deps, cloud, row.key, body, options);
      committed = await deps.ledger.commitUpload(row, sent.intent, { etag: sent.etag, md5: body.md5 });
    }
    deps.rows.forget([row.key]);
    return committed;
  } catch (error) {
    await noteFailure(deps, row, error);
    return false;
  }
}

/** The facts of the object that was seen, if it surely has these bytes. @throws StorageError when S3 is away */
async function sameBytes(cloud: Cloud, object: string, body: Body, seen: ObjectFacts, signal: AbortSignal): Promise<ObjectFacts | undefined> {
  try {
    return await prove(cloud.store, object, body, undefined, { seen, signal });
  } catch (error) {
    if (!isStorageError(error) || isNoAnswer(error)) throw error;
    return undefined;
  }
}

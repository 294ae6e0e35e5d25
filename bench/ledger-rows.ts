import type { Knex } from 'knex';
import { sha256 } from '../server/src/adapters/database/ledger/objects';
import type { ObjectKey } from '../server/src/core/keys';

export const VOLUME = 'bench-volume';
/** SQLite takes 500 rows in an insert. */
const AT_ONCE = 400;

export function keyOfRow(index: number): ObjectKey {
  return `folder/picture-${index}.jpg` as ObjectKey;
}

/** Half of the rows wait for their upload; a fifth failed and waits longer; some are on both sides, in S3 only, or buried. */
export async function fill(db: Knex, rows: number): Promise<void> {
  await db.transaction(async (trx) => {
    for (let from = 0; from < rows; from += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, rows - from) }, (_, index) => columnsOf(from + index));
      await trx('s3_storage_objects').insert(some);
    }
  });
  await db.raw('analyze');
}

function columnsOf(index: number): Record<string, unknown> {
  const part = index % 10;
  const key = keyOfRow(index);
  const state = part < 7 ? 'local' : part === 7 ? 'both' : 'remote';
  const failed = part >= 5 && part < 7;
  const remote = state !== 'local';
  return {
    key_hash: sha256(key),
    object_key: key,
    state,
    origin: 'library',
    location_id: remote ? 1 : null,
    object_name: remote ? key : null,
    volume: state === 'remote' ? null : VOLUME,
    local_name: state === 'remote' ? null : key,
    size: 1000 + index,
    md5: 'd41d8cd98f00b204e9800998ecf8427e',
    rev: 1,
    ticket: index + 1,
    tombstone_ticket: part === 9 ? index + 2 : null,
    plain_used: remote,
    attempts: failed ? 3 : 0,
    last_error: failed ? 'TIMEOUT' : null,
    changed_at: 1_700_000_000_000 + index,
    retry_at: failed ? 9_000_000_000_000 : 0,
    purge_at: part === 9 ? 9_000_000_000_000 : null,
  };
}

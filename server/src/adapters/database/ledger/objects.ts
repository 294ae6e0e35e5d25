import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import type { ObjectKey } from '../../../core/keys';
import type { LedgerRow } from '../../../core/ledger/state';
import { awaitsPurge } from '../../../core/ledger/transitions';
import { clockAfter } from '../dialect';
import { toColumns, toRow, type ObjectColumns } from './object-columns';

export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** `s3_storage_objects` through one connection or transaction. */
export class Objects {
  constructor(
    readonly db: Knex,
    private readonly schema: string | undefined,
  ) {}

  table(): Knex.QueryBuilder {
    const table = this.db('s3_storage_objects');
    return this.schema ? table.withSchema(this.schema) : table;
  }

  async find(key: ObjectKey): Promise<LedgerRow | undefined> {
    const [columns] = (await this.table().where('key_hash', sha256(key)).select('*')) as ObjectColumns[];
    return columns && toRow(columns);
  }

  async list(query: (table: Knex.QueryBuilder) => Knex.QueryBuilder): Promise<LedgerRow[]> {
    const found = (await query(this.table()).select('*')) as ObjectColumns[];
    return found.map(toRow);
  }

  /** Locks the rows of these keys until the transaction ends, in one order for everybody. Keys without a row: left out. */
  async lock(keys: readonly ObjectKey[]): Promise<Map<ObjectKey, LedgerRow>> {
    const hashes = [...new Set(keys)].map(sha256);
    const rows = await this.list((table) => table.whereIn('key_hash', hashes).orderBy('key_hash').forUpdate());
    return new Map(rows.map((row) => [row.key, row]));
  }

  async lockOne(key: ObjectKey): Promise<LedgerRow | undefined> {
    return (await this.lock([key])).get(key);
  }

  /**
   * Inserts a row unless the key has one, and locks whichever is there. The conflict "updates" nothing: on MySQL an
   * ignored insert would leave a shared lock, on which two writers dead-lock when both go on to an exclusive one.
   */
  async insertOrLock(row: LedgerRow): Promise<LedgerRow> {
    const columns = { ...toColumns(row), key_hash: sha256(row.key), changed_at: clockAfter(this.db), retry_at: 0 };
    await this.table().insert(columns).onConflict('key_hash').merge(['key_hash']);
    return (await this.lockOne(row.key)) ?? row;
  }

  /**
   * Stores a changed row that is locked.
   * @param purgeAfterMs when a tombstone was put on it just now
   * @param retryAfterMs when an attempt failed just now
   */
  async store(row: LedgerRow, { purgeAfterMs, retryAfterMs }: { purgeAfterMs?: number; retryAfterMs?: number } = {}) {
    const { object_key: _, ...columns } = toColumns(row);
    const times: Record<string, unknown> = {};
    if (retryAfterMs === undefined) times.changed_at = clockAfter(this.db);
    else times.retry_at = clockAfter(this.db, retryAfterMs);
    if (row.attempts === 0) times.retry_at = 0;
    if (purgeAfterMs !== undefined) times.purge_at = clockAfter(this.db, purgeAfterMs);
    if (!awaitsPurge(row)) times.purge_at = null;
    await this.table().where('key_hash', sha256(row.key)).update({ ...columns, ...times });
  }

  async spendPlain(key: ObjectKey): Promise<void> {
    await this.table().where('key_hash', sha256(key)).update({ plain_used: true });
  }
}

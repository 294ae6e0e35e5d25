import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import type { Transactions } from '../transactions';
import { StorageError } from '../../../core/errors';
import type { ObjectKey } from '../../../core/keys';
import { mayHaveOtherBytes, type DatedRow, type LedgerRow } from '../../../core/ledger/state';
import { awaitsPurge } from '../../../core/ledger/transitions';
import { answersInserted, byPrimaryKey, clockAfter, clockButAfter } from '../dialect';
import { inParts, parts } from '../parts';
import { toColumns, toContentAt, toRow, type DateColumns, type ObjectColumns } from './object-columns';
import type { TallyBook } from './tally-book';

export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Returns the `rev` of a row between its insertion and the end of the same step. The step knows its own rows by it. It is its own inverse. */
const unborn = (rev: number) => -1 - rev;
/** Rows in one insert. SQLite inserts each row as a select of its own, and takes up to 500 of these in one statement. */
export const INSERTED_AT_ONCE = 100;

/** Time by which later bytes of a key are later at least, in milliseconds: HTTP tells times in seconds. */
const LATER_MS = 1_000;

/** The `retry_at` of a row that was given up, in milliseconds since the epoch. */
const NEVER = 9_000_000_000_000_000;
/** The last moment that a date can have, in milliseconds since the epoch. Only the `retry_at` of a row that was given up lies after it. */
export const NEVER_FROM = 8_640_000_000_000_000;

/** The columns of a row to insert, as far as inserting looks at them. */
interface InsertColumns {
  readonly key_hash: string;
  readonly rev: number;
}

const TABLE = 's3_storage_objects';
/** The columns that a change of a row may write. */
const CHANGED: readonly string[] = [
  'state', 'origin', 'location_id', 'object_name', 'etag', 'volume', 'local_name', 'size', 'md5', 'mime', 'rev', 'ticket', 'tombstone_ticket', 'plain_used', 'attempts', 'last_error',
  'changed_at', 'retry_at', 'purge_at',
];

/** `s3_storage_objects` through one connection or transaction. Each change of a row changes the tallies with it. */
export class Objects {
  /** The rows that this transaction has locked, as they are now. */
  readonly #locked = new Map<ObjectKey, LedgerRow>();

  constructor(
    readonly db: Knex,
    private readonly tableIn: Transactions['table'],
    private readonly tallies: TallyBook,
  ) {}

  table(): Knex.QueryBuilder {
    return this.tableIn(this.db, TABLE);
  }

  /** Selects the rows of these keys, so that the caller can lock or change them. One statement must be able to take all hashes. */
  of(hashes: readonly string[]): Knex.QueryBuilder {
    return (byPrimaryKey(this.db, TABLE) ?? this.table()).whereIn('key_hash', hashes);
  }

  async find(key: ObjectKey): Promise<LedgerRow | undefined> {
    const [columns] = (await this.table().where('key_hash', sha256(key)).select('*')) as ObjectColumns[];
    return columns && toRow(columns);
  }

  async findDated(key: ObjectKey): Promise<DatedRow | undefined> {
    const [columns] = (await this.table().where('key_hash', sha256(key)).select('*')) as (ObjectColumns & DateColumns)[];
    return columns && { ...toRow(columns), contentAt: toContentAt(columns) };
  }

  /** Returns the rows of any number of keys, without keys that have no row. */
  findAll(keys: readonly ObjectKey[]): Promise<LedgerRow[]> {
    return inParts([...new Set(keys)].map(sha256), (hashes) => rowsOf(this.table().whereIn('key_hash', hashes)));
  }

  async list(query: (table: Knex.QueryBuilder) => Knex.QueryBuilder): Promise<LedgerRow[]> {
    return rowsOf(query(this.table()));
  }

  /** Locks the rows of these keys until the transaction ends, always in the same order. It leaves out keys without a row. */
  async lock(keys: readonly ObjectKey[]): Promise<Map<ObjectKey, LedgerRow>> {
    const hashes = [...new Set(keys)].map(sha256).sort();
    const rows = await inParts(hashes, (some) => rowsOf(this.of(some).orderBy('key_hash').forUpdate()));
    for (const row of rows) this.#locked.set(row.key, row);
    return new Map(rows.map((row) => [row.key, row]));
  }

  async lockOne(key: ObjectKey): Promise<LedgerRow | undefined> {
    return (await this.lock([key])).get(key);
  }

  /** Returns the keys that have no row, or a row that is `new`. */
  async withoutBytes(keys: readonly ObjectKey[]): Promise<ObjectKey[]> {
    const withBytes = (hashes: readonly string[]): PromiseLike<{ key_hash: string }[]> =>
      this.table().whereIn('key_hash', hashes).whereNot('state', 'new').select('key_hash');
    const known = new Set((await inParts(keys.map(sha256), withBytes)).map(({ key_hash }) => key_hash));
    return keys.filter((key) => !known.has(sha256(key)));
  }

  /** Inserts a row unless the key has one, and locks the row that is there. */
  async insertOrLock(row: LedgerRow): Promise<LedgerRow> {
    const [inserted] = await this.insert([row]);
    return inserted ?? (await this.lockOne(row.key)) ?? row;
  }

  /** Inserts first rows of keys, each once, and leaves out keys that have a row. @returns the rows that were inserted, locked */
  async insert(rows: readonly LedgerRow[]): Promise<LedgerRow[]> {
    const inserts = rows
      .map((row) => ({ ...toColumns(row), key_hash: sha256(row.key), changed_at: clockAfter(this.db), retry_at: 0, ...('content' in row.placement && { content_at: clockAfter(this.db), content_ticket: row.ticket }) }))
      .sort(byHash);
    const inserted: LedgerRow[] = [];
    for (const some of parts(inserts, INSERTED_AT_ONCE)) inserted.push(...(await (answersInserted(this.db) ? this.#insertAnswered(some) : this.#insertMarked(some))));
    for (const row of inserted) this.#locked.set(row.key, row);
    await this.tallies.add(inserted);
    return inserted;
  }

  #insertAnswered(columns: readonly InsertColumns[]): Promise<LedgerRow[]> {
    return rowsOf(this.table().insert(columns).onConflict('key_hash').ignore().returning('*'));
  }

  /**
   * Inserts rows where the database does not answer which ones it has inserted: their `rev` tells. The conflict "updates" nothing: on MySQL an
   * ignored insert would leave a shared lock, and two writers would deadlock when both want an exclusive lock next.
   */
  async #insertMarked(columns: readonly InsertColumns[]): Promise<LedgerRow[]> {
    await this.table().insert(columns.map((row) => ({ ...row, rev: unborn(row.rev) }))).onConflict('key_hash').merge(['key_hash']);
    const own = () => this.of(columns.map(({ key_hash }) => key_hash)).where('rev', '<', 0);
    const inserted = (await rowsOf(own())).map((row) => ({ ...row, rev: unborn(row.rev) }));
    if (inserted.length > 0) await own().update({ rev: this.db.raw('-1 - rev') });
    return inserted;
  }

  /**
   * Stores a changed row that is locked.
   * @param purgeAfterMs delay before the purge, in milliseconds, if a tombstone was put on the row just now
   * @param retryAfterMs delay before the next attempt, in milliseconds, if an attempt failed just now; null if it was the last one
   */
  async store(row: LedgerRow, { purgeAfterMs, retryAfterMs }: { purgeAfterMs?: number; retryAfterMs?: number | null } = {}) {
    const before = this.#asLocked(row);
    const { object_key: _, ...columns } = toColumns(row);
    const times: Record<string, unknown> = {};
    if (mayHaveOtherBytes(before, row)) Object.assign(times, this.#newTime(row.ticket));
    if (retryAfterMs === undefined) times.changed_at = clockAfter(this.db);
    else Object.assign(times, { retry_at: retryAfterMs === null ? NEVER : clockAfter(this.db, retryAfterMs), claimed_by: null });
    // guard: success-ends-the-wait
    if (row.attempts === 0) times.retry_at = 0;
    if (purgeAfterMs !== undefined) times.purge_at = clockAfter(this.db, purgeAfterMs);
    // guard: ended-tombstone-has-no-purge
    if (!awaitsPurge(row)) times.purge_at = null;
    await this.table().where('key_hash', sha256(row.key)).update({ ...columns, ...times });
    // guard: tallies-change-with-the-row
    await this.tallies.replaceAll([before], [row]);
    this.#locked.set(row.key, row);
  }

  /** Does {@link store} for each row, in few statements. No row may have failed or been buried just now. */
  async storeAll(rows: readonly LedgerRow[]): Promise<void> {
    const plain = rows.filter((row) => row.attempts === 0 && row.tombstone === null);
    const columns = plain
      .map((row) => ({ ...toColumns(row), key_hash: sha256(row.key), changed_at: clockAfter(this.db), retry_at: 0, purge_at: null }))
      .sort(byHash);
    const before = plain.map((row) => this.#asLocked(row));
    for (const some of parts(columns, INSERTED_AT_ONCE)) {
      // all rows exist and are locked, so this inserts none; it is the only statement that gives each row values of its own
      await this.table().insert(some).onConflict('key_hash').merge(CHANGED);
    }
    const other = plain.filter((row) => mayHaveOtherBytes(this.#asLocked(row), row)).map((row) => sha256(row.key));
    for (const some of parts(other)) await this.of(some).update(this.#newTime(this.db.ref('ticket')));
    await this.tallies.replaceAll(before, plain);
    for (const row of plain) this.#locked.set(row.key, row);
    for (const row of rows) if (!plain.includes(row)) await this.store(row);
  }

  /** The columns of {@link DatedRow} for bytes that become current now. @param ticket the ticket of the bytes */
  #newTime(ticket: unknown): Record<string, unknown> {
    return { content_at: clockButAfter(this.db, 'content_at', LATER_MS), content_ticket: ticket };
  }

  /** Returns the row as it was when it was locked or last stored. */
  #asLocked(row: LedgerRow): LedgerRow {
    const before = this.#locked.get(row.key);
    if (!before) throw new StorageError('INTERNAL', { operation: 'store', subject: row.key, detail: 'the row is not locked' });
    return before;
  }

  async spendPlain(keys: readonly ObjectKey[]): Promise<void> {
    for (const some of parts(keys)) await this.of(some.map(sha256)).update({ plain_used: true });
  }
}

/** The order in which everybody locks rows: see {@link Objects.lock}. */
function byHash(a: { key_hash: string }, b: { key_hash: string }): number {
  return a.key_hash < b.key_hash ? -1 : 1;
}

async function rowsOf(query: PromiseLike<unknown>): Promise<LedgerRow[]> {
  return ((await query) as ObjectColumns[]).map(toRow);
}

import type { Knex } from 'knex';
import type { Transactions } from '../transactions';
import { TROUBLES_OF_S3 } from '../../../core/errors';
import type { LedgerRow } from '../../../core/ledger/state';
import { deleteByIds } from '../dialect';
import { groupOf, minus, summed, type TallyGroup } from '../../../core/ledger/tallies';

const TABLE = 's3_storage_tallies';
const ROWS = 's3_storage_objects';
const OF_S3 = TROUBLES_OF_S3.map((code) => `'${code}'`).join(', ');
const GROUP = ['state', 'origin', 'buried', 'failed', 'volume'] as const;

/**
 * `s3_storage_tallies` through one connection or transaction. The tallies are kept because a library may have ten million files, and
 * its counts are to be answered in milliseconds. Each change of a row appends entries with the numbers that it adds and takes off.
 * They are in the transaction of the change, so that a rollback undoes both, and no writer waits for another.
 */
export class TallyBook {
  constructor(
    readonly db: Knex,
    private readonly tableIn: Transactions['table'],
  ) {}

  table(name = TABLE): Knex.QueryBuilder {
    return this.tableIn(this.db, name);
  }

  add(rows: readonly LedgerRow[]): Promise<void> {
    return this.append(rows.flatMap((row) => groupOf(row) ?? []));
  }

  /** Appends the difference between the rows in `before` and the rows in `after`. */
  replaceAll(before: readonly LedgerRow[], after: readonly LedgerRow[]): Promise<void> {
    const old = before.flatMap((row) => groupOf(row) ?? []).map(minus);
    return this.append([...old, ...after.flatMap((row) => groupOf(row) ?? [])]);
  }

  async append(groups: readonly TallyGroup[]): Promise<void> {
    const rows = summed(groups).map(({ buried, failed, count, ...group }) => ({
      ...group,
      buried: Number(buried),
      failed: Number(failed),
      row_count: count,
    }));
    if (rows.length > 0) await this.table().insert(rows);
  }

  /** Returns the sums of all entries. */
  async sums(): Promise<TallyGroup[]> {
    return ((await this.#sums()) as SummedRow[]).map(toGroup);
  }

  /** Returns the true counts of the rows minus {@link sums}. One statement reads both, so that they are of the same moment. */
  async errors(): Promise<TallyGroup[]> {
    const both = this.db.select('*').from(this.#counted(this.#rows()).as('counted')).unionAll([this.#sums(-1)]);
    return summed(((await both) as SummedRow[]).map(toGroup));
  }

  /** Returns the id of the newest entry. It changes with every change of the sums. */
  async newest(): Promise<number | string | null> {
    const [row]: { id: number | string | null }[] = await this.table().max({ id: 'id' });
    return row?.id ?? null;
  }

  /** Returns the highest rowid of the rows, on SQLite. */
  async lastRow(): Promise<number> {
    const [row]: { last: number | null }[] = await this.table(ROWS).max({ last: 'rowid' });
    return row?.last ?? 0;
  }

  /** Counts the rows with these rowids, on SQLite. */
  async count(from: number, to: number): Promise<TallyGroup[]> {
    return ((await this.#counted(this.#rows().whereBetween('rowid', [from, to]))) as SummedRow[]).map(toGroup);
  }

  /** Returns the oldest entries as they were appended. */
  async oldest(limit: number): Promise<{ id: number | string; group: TallyGroup }[]> {
    const rows = (await this.table().orderBy('id').limit(limit).select('*')) as (SummedRow & { id: number | string })[];
    return rows.map((row) => ({ id: row.id, group: toGroup(row) }));
  }

  remove(ids: readonly (number | string)[]): Promise<void> {
    return deleteByIds(this.db, () => this.table(), ids);
  }

  #sums(sign: 1 | -1 = 1): Knex.QueryBuilder {
    const sums = [sign, sign];
    return this.table()
      .select(...GROUP, this.db.raw('? * sum(row_count) as row_count, ? * sum(bytes) as bytes', sums))
      .groupBy(GROUP);
  }

  #rows(): Knex.QueryBuilder {
    // this says `not in` on purpose: with `in` the other three states, a database would take an index instead of reading the table in order
    const missing = (row: Knex.QueryBuilder) => void row.where({ state: 'new', tombstone_ticket: null }).whereNotNull('last_error');
    return this.table(ROWS).where((files) => void files.whereNotIn('state', ['new', 'gone']).orWhere(missing));
  }

  #counted(rows: Knex.QueryBuilder): Knex.QueryBuilder {
    // this expression has to agree with `standingOf`
    const columns = `case when state = 'new' then 'missing' when last_error = 'LOST' then 'lost' else state end as state,
      origin, case when tombstone_ticket is null then 0 else 1 end as buried, case when last_error is null or last_error in (${OF_S3}) then 0 else 1 end as failed,
      case when state = 'local' and (last_error is null or last_error <> 'LOST') then volume end as volume, coalesce(size, 0) as size`;
    return this.db(rows.select(this.db.raw(columns)).as('files'))
      .select(...GROUP, this.db.raw('count(*) as row_count, sum(size) as bytes'))
      .groupBy(GROUP);
  }
}

/** A row of sums, which are strings on PostgreSQL and MySQL, and numbers on SQLite. */
type SummedRow = Record<'buried' | 'failed' | 'row_count' | 'bytes', number | string> & Pick<TallyGroup, 'state' | 'origin' | 'volume'>;

function toGroup({ state, origin, buried, failed, volume, row_count, bytes }: SummedRow): TallyGroup {
  return {
    state,
    origin,
    buried: Number(buried) === 1,
    failed: Number(failed) === 1,
    volume,
    count: Number(row_count),
    bytes: Number(bytes),
  };
}

import type { Knex } from 'knex';
import { TROUBLES_OF_S3 } from '../../../core/errors';
import type { Ledger } from '../../../core/ledger/ledger';
import type { ListFilter } from '../../../core/ledger/listing';
import type { LocationId } from '../../../core/ledger/words';
import { reading, type LedgerContext } from './session';

/**
 * The order of the primary key, but sorted instead of read from its index. No index leads to failed rows, and SQLite needs ten times
 * as long to walk its primary key past a million other rows as to read the whole table.
 */
const SORTED = 'lower(key_hash)';

export function listing(context: LedgerContext): Pick<Ledger, 'list' | 'count' | 'onlyAt' | 'outside' | 'isInUse'> {
  return {
    list: (filter, { offset, limit }) =>
      reading(context, ({ objects }) =>
        // a page is read from the index of the primary key, in which no row ever changes its place
        objects.list((table) => filtered(table, filter).orderByRaw(filter.failed || filter.state === 'lost' || filter.state === 'missing' ? SORTED : 'key_hash').offset(offset).limit(limit)),
      ),

    count: (filter) =>
      reading(context, async ({ objects }) => {
        const [row]: { count: number | string }[] = await filtered(objects.table(), filter).count({ count: '*' });
        return Number(row?.count ?? 0);
      }),

    isInUse: (location) =>
      reading(context, async ({ objects, names }) => {
        const rows: unknown[] = await filtered(objects.table(), { at: location }).limit(1).select('location_id');
        return rows.length > 0 || (await names.areAt(location));
      }),

    onlyAt: () => reading(context, ({ objects }) => byLocation(objects.db, filtered(objects.table(), { state: 'remote' }))),

    outside: ({ locationId, prefix }) =>
      reading(context, ({ objects }) => {
        const others = (row: Knex.QueryBuilder) => void row.whereNot('location_id', locationId).orWhereRaw('substr(object_name, 1, ?) <> ?', [Array.from(prefix).length, prefix]);
        return byLocation(objects.db, objects.table().whereIn('state', ['both', 'remote']).where({ tombstone_ticket: null }).where(isNotLost).where(others));
      }),
  };
}

async function byLocation(db: Knex, rows: Knex.QueryBuilder): Promise<{ location: LocationId; count: number; bytes: number }[]> {
  const sums = 'location_id, count(*) as row_count, sum(size) as bytes';
  const groups: Record<'location_id' | 'row_count' | 'bytes', number | string>[] = await rows.select(db.raw(sums)).groupBy('location_id');
  // PostgreSQL and MySQL return sums as strings
  return groups.map((group) => ({ location: Number(group.location_id), count: Number(group.row_count), bytes: Number(group.bytes) }));
}

function filtered(table: Knex.QueryBuilder, { state, failed, onlyOn, at }: ListFilter): Knex.QueryBuilder {
  // this says `not in` on purpose: with `in` the other three states, SQLite would take the index by state and sort all it finds there
  if (state === 'missing') table.where(isMissing);
  else if (state) table.whereNotIn('state', ['new', 'gone']);
  else table.where((files) => void files.whereNotIn('state', ['new', 'gone']).orWhere(isMissing));
  // every buried row that has bytes waits for its purge, and `purge_at` has an index
  if (state === 'trash') table.whereNotNull('tombstone_ticket').whereNotNull('purge_at');
  else if (state === 'lost') table.where({ last_error: 'LOST', tombstone_ticket: null });
  else if (state && state !== 'missing') table.where({ state, tombstone_ticket: null }).where(isNotLost);
  if (failed) table.whereNotNull('last_error').whereNotIn('last_error', [...TROUBLES_OF_S3]);
  if (at !== undefined) table.where({ location_id: at }).whereIn('state', ['both', 'remote']);
  if (onlyOn) table.where({ state: 'local', tombstone_ticket: null }).where(isNotLost).whereIn('volume', [...onlyOn]);
  return table;
}

function isMissing(row: Knex.QueryBuilder): void {
  void row.where({ state: 'new', tombstone_ticket: null }).whereNotNull('last_error');
}

function isNotLost(row: Knex.QueryBuilder): void {
  void row.whereNull('last_error').orWhereNot('last_error', 'LOST');
}

import { ERRORS } from '../../contracts/errors';
import { parseKeys, type KeysAnswer } from '../../contracts/jobs';
import { parseObjectsQuery, type ObjectEntry, type ObjectsAnswer } from '../../contracts/objects';
import { parseKey, type ObjectKey, type VolumeId } from '../keys';
import type { ListFilter } from '../ledger/listing';
import type { LedgerReports } from '../ledger/reports';
import { localOf, standingOf, type LedgerRow } from '../ledger/state';
import type { Tallies } from '../ledger/tallies';
import type { LedgerUpkeep } from '../ledger/upkeep';
import type { RowCache } from '../media/row-cache';
import { RequestRefused } from '../refused';
import type { Volume } from '../store/local/volume';
import type { VolumeRegistry } from '../volumes/registry';
import { strandedOn } from '../volumes/stranded';

export interface ObjectsApiDeps {
  readonly ledger: Pick<LedgerReports, 'list' | 'count' | 'tallies'> & Pick<LedgerUpkeep, 'retry' | 'unbury'>;
  readonly registry: Pick<VolumeRegistry, 'list'>;
  readonly volume: Pick<Volume, 'id'>;
  readonly rows: Pick<RowCache, 'forget'>;
  /** Called after a change of rows, because background work may have something to do now. */
  onChange(): void;
}

/**
 * Shows and changes the files of the ledger for the routes `/objects`. Queries and bodies come in unchecked.
 * @throws RequestRefused INVALID_QUERY with every bad field, StorageError INVALID_KEY; nothing has changed then
 */
export class ObjectsApi {
  constructor(private readonly deps: ObjectsApiDeps) {}

  async page(query: unknown): Promise<ObjectsAnswer> {
    const parsed = parseObjectsQuery(query);
    if (!parsed.ok) throw new RequestRefused('INVALID_QUERY', parsed.fields);
    const { state, failed, stranded, page, pageSize } = parsed.value;
    const { ledger, registry, volume } = this.deps;
    const tallies = await ledger.tallies();
    const out = new Set(strandedOn(tallies.onlyOn, await registry.list(), volume.id).map(({ id }) => id));
    const filter: ListFilter = { state, failed, onlyOn: stranded ? [...out] : undefined };
    const total = tallied(filter, tallies) ?? (await ledger.count(filter));
    const offset = (page - 1) * pageSize;
    const rows = offset < total ? await ledger.list(filter, { offset, limit: pageSize }) : [];
    return { results: rows.map((row) => entryOf(row, out)), pagination: { page, pageSize, total } };
  }

  /** Lets the jobs try failed files again, as if for the first time. */
  retry(body: unknown): Promise<KeysAnswer> {
    return this.#change(body, (keys) => this.deps.ledger.retry(keys));
  }

  /** Takes the tombstones of files away, so that the files are live again. */
  untrash(body: unknown): Promise<KeysAnswer> {
    return this.#change(body, (keys) => this.deps.ledger.unbury(keys));
  }

  async #change(body: unknown, move: (keys: ObjectKey[] | 'all') => Promise<number>): Promise<KeysAnswer> {
    const parsed = parseKeys(body);
    if (!parsed.ok) throw new RequestRefused('INVALID_QUERY', parsed.fields);
    const keys = 'all' in parsed.value ? 'all' : parsed.value.keys.map(parseKey);
    const count = await move(keys);
    if (keys !== 'all') this.deps.rows.forget(keys);
    this.deps.onChange();
    return { count };
  }
}

/** Returns the number of rows that pass the filter if the tallies know it. Counting the rows would read the whole ledger. */
function tallied({ state, failed, onlyOn }: ListFilter, tallies: Tallies): number | undefined {
  const sum = (parts: readonly { count: number }[]) => parts.reduce((total, { count }) => total + count, 0);
  if (onlyOn) return failed || state ? undefined : sum(tallies.onlyOn.filter(({ volume }) => onlyOn.includes(volume)));
  if (failed) return state ? undefined : tallies.failed.count;
  return state ? tallies[state].count : sum([tallies.local, tallies.both, tallies.remote, tallies.lost, tallies.missing, tallies.trash]);
}

function entryOf(row: LedgerRow, strandedVolumes: ReadonlySet<VolumeId>): ObjectEntry {
  const { placement, tombstone, lastError } = row;
  const standing = standingOf(row);
  if (!standing) throw new Error(`a row that is no file was listed: ${placement.state}`);
  const content = 'content' in placement ? placement.content : undefined;
  const local = localOf(row);
  return {
    key: row.key,
    state: tombstone ? 'trash' : standing,
    origin: row.origin,
    size: content?.size ?? 0,
    mime: content?.mime ?? null,
    attempts: row.attempts,
    lastError: lastError && { code: lastError, ...ERRORS[lastError] },
    volume: local?.volume ?? null,
    stranded: standing === 'local' && tombstone === null && local !== undefined && strandedVolumes.has(local.volume),
    rev: row.rev,
  };
}

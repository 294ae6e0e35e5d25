import { ERRORS } from '../../contracts/errors';
import { parseObjectsQuery, type ObjectEntry, type ObjectsAnswer } from '../../contracts/objects';
import type { VolumeId } from '../keys';
import type { LedgerReports } from '../ledger/reports';
import type { Tallies } from '../ledger/tallies';
import type { ListFilter } from '../ledger/listing';
import { type LedgerRow, localOf, standingOf } from '../ledger/state';
import { RequestRefused } from '../refused';
import type { Volume } from '../store/local/volume';
import type { VolumeRegistry } from '../volumes/registry';
import { strandedOn } from '../volumes/stranded';

/** A page of the ledger. @throws RequestRefused INVALID_QUERY with every bad parameter */
export async function objectsPage(
  deps: { ledger: Pick<LedgerReports, 'list' | 'count' | 'tallies'>; registry: Pick<VolumeRegistry, 'list'>; volume: Pick<Volume, 'id'> },
  query: unknown,
): Promise<ObjectsAnswer> {
  const parsed = parseObjectsQuery(query);
  if (!parsed.ok) throw new RequestRefused('INVALID_QUERY', parsed.fields);
  const { state, failed, stranded, page, pageSize } = parsed.value;
  const { ledger, registry, volume } = deps;
  const tallies = await ledger.tallies();
  const out = new Set(strandedOn(tallies.onlyOn, await registry.list(), volume.id).map(({ id }) => id));
  const filter: ListFilter = { state, failed, onlyOn: stranded ? [...out] : undefined };
  const total = tallied(filter, tallies) ?? (await ledger.count(filter));
  const offset = (page - 1) * pageSize;
  const rows = offset < total ? await ledger.list(filter, { offset, limit: pageSize }) : [];
  return { results: rows.map((row) => entryOf(row, out)), pagination: { page, pageSize, total } };
}

/** How many rows pass, where the tallies know it: to count them all again would go through the whole ledger. */
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

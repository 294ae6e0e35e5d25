import { mayChangeBucket } from '../../buckets/may-change';
import { codeOf, isStorageError, StorageError } from '../../errors';
import { plainLocalName, type ObjectKey } from '../../keys';
import type { LedgerMoves } from '../../ledger/moves';
import { isIn, type LedgerRow } from '../../ledger/state';
import type { AgedRow, LedgerUpkeep } from '../../ledger/upkeep';
import type { Origin } from '../../ledger/words';
import type { EngineParts } from '../../media/deps';
import { statOf } from '../../media/plain-file';
import { AT_ONCE } from '../../pool/at-once';
import { forEach } from '../../pool/for-each';
import { digest } from '../../store/bodies';
import type { LocalStat } from '../../store/local/local-store';
import { isElsewhere, isNewer, type Evidence } from './judge';
import type { Sight, ChangedKey } from './sight';

/** Number of files that are read at once. */
const READ_AT_ONCE = 2;
/** Number of times that a file is read again that changed while it was read. */
const REREADS = 2;

export type LookParts = EngineParts<Pick<LedgerUpkeep, 'agedRows' | 'takeUp'> & Pick<LedgerMoves, 'record'>>;

/** The result of a look. */
export interface Looked {
  /** Keys of which the file at the plain path is the current one now. */
  readonly taken: ObjectKey[];
  /** Number of files that the ledger has not known. */
  recorded: number;
  /** Keys that the library knows to have other bytes, which this disk does not have. */
  readonly elsewhere: ObjectKey[];
  /** Keys of which the disk did not tell. */
  readonly failed: Set<ObjectKey>;
}

/**
 * Looks at the plain paths of some keys, and takes up what plain Strapi has written there.
 * @param signal ends the reading of files; what was not read has failed then
 * @throws the database's errors
 */
export async function lookAt(deps: LookParts, changed: readonly ChangedKey[], sight: Sight, signal?: AbortSignal): Promise<Looked> {
  const looked: Looked = { taken: [], recorded: 0, elsewhere: [], failed: new Set() };
  const failing = async (key: ObjectKey, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!isStorageError(error)) throw error;
      deps.log.debug(`"${key}" may have changed while the plugin was away, and could not be looked at: ${codeOf(error)}`);
      looked.failed.add(key);
    }
  };
  const files = new Map<ObjectKey, LocalStat>();
  await forEach(changed, AT_ONCE.stats, ({ key }) =>
    failing(key, async () => {
      const stat = await statOf(deps.disk, plainLocalName(key));
      if (stat) files.set(key, stat);
    }),
  );
  const rows = new Map((await deps.ledger.agedRows(changed.map(({ key }) => key))).map((aged) => [aged.row.key, aged]));
  const unknown = changed.filter(({ key, isNew }) => isNew && files.has(key) && (rows.get(key)?.row ?? NO_ROW).placement.state === 'new');
  looked.recorded = await record(deps, unknown, files);
  await forEach(changed, READ_AT_ONCE, async (changedKey) => {
    const { key } = changedKey;
    const aged = rows.get(key);
    if (!aged || isIn(aged.row, 'new') || looked.failed.has(key)) return;
    const stat = files.get(key);
    if (!stat && isElsewhere({ row: aged.row, rowAgeMs: aged.unchangedMs, listed: listedOf(deps, changedKey, sight) })) looked.elsewhere.push(key);
    if (stat) await failing(key, async () => void ((await takeNewer(deps, { changedKey, sight, signal }, aged, stat)) && looked.taken.push(key)));
  });
  return looked;
}

const NO_ROW = { placement: { state: 'new' } };

/** Makes the ledger know the files that plain Strapi has added, as the inventory does. @returns how many it did not know */
async function record({ ledger, volume, rows }: LookParts, changed: readonly ChangedKey[], files: ReadonlyMap<ObjectKey, LocalStat>): Promise<number> {
  if (changed.length === 0) return 0;
  const found = changed.map(({ key }) => ({ key, local: { volume: volume.id, localName: plainLocalName(key) }, size: files.get(key)?.size ?? 0 }));
  const recorded = await ledger.record(found);
  rows.forget(changed.map(({ key }) => key));
  return recorded;
}

/** Makes the file the current one of its key, if it is newer than what the ledger knows. @returns whether it did */
async function takeNewer(deps: LookParts, { changedKey, sight, signal }: { changedKey: ChangedKey; sight: Sight; signal: AbortSignal | undefined }, first: AgedRow, found: LocalStat): Promise<boolean> {
  const { ledger, disk, volume, rows } = deps;
  const { key } = changedKey;
  let aged: AgedRow | undefined = first;
  let stat: LocalStat | undefined = found;
  for (let reread = 0; reread <= REREADS; reread++) {
    if (!aged || !stat || !isNewer(evidence(deps, changedKey, sight, aged, stat))) return false;
    const { row } = aged;
    const read = await digest((await disk.get(plainLocalName(key), { signal })).body);
    const before: LocalStat = stat;
    stat = await statOf(disk, plainLocalName(key));
    const isAsRead = stat?.ino === before.ino && stat.mtimeMs === before.mtimeMs && stat.size === read.size;
    if (isAsRead && isIn(row, 'local', 'both', 'remote') && row.placement.content.md5 === read.md5) return false;
    const options = { origin: originOf(deps, row), condemnObjects: mayChangeBucket(deps) };
    if (isAsRead && (await ledger.takeUp(row, { volume: volume.id, ...read }, options))) {
      rows.forget([key]);
      return true;
    }
    // the file or the row has changed meanwhile
    [aged] = await ledger.agedRows([key]);
  }
  throw new StorageError('FILE_CHANGED', { operation: 'look', subject: key });
}

function evidence(deps: LookParts, changedKey: ChangedKey, sight: Sight, aged: AgedRow, { size, mtimeMs }: LocalStat): Evidence {
  return {
    row: aged.row,
    rowAgeMs: aged.unchangedMs,
    file: { size, ageMs: deps.clock.now() - mtimeMs },
    listed: listedOf(deps, changedKey, sight),
    absentMs: sight.absentMs + deps.clock.elapsed() - sight.readAt,
  };
}

function listedOf({ clock }: LookParts, { size, changedAt }: ChangedKey, { readAt }: Sight): Evidence['listed'] {
  return { size, ageMs: changedAt === null ? null : clock.now() - changedAt, readMs: clock.elapsed() - readAt };
}

/** Returns the origin of a file that is taken up: who sends it to S3 does not change by its replacement. */
function originOf({ instance }: LookParts, row: LedgerRow): Origin {
  if (instance.leaving) return 'library';
  if (instance.isCopy) return 'read-only';
  if (isIn(row, 'local')) return row.origin;
  // a file that was in S3 goes there again at once
  return isIn(row, 'gone') ? 'library' : 'fallback';
}

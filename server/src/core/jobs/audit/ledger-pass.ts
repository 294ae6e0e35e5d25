import type { AuditedRow } from '../../ledger/reports';
import type { LedgerRow } from '../../ledger/state';
import { isIn, localOf, remoteOf } from '../../ledger/state';
import { AT_ONCE } from '../../pool/at-once';
import { forEach } from '../../pool/for-each';
import { pace } from '../pace';
import type { AuditRun } from './audit-run';
import { isAsStored } from './bucket-pass';
import { condemnedCopy, condemnedFilesOf, rescue, type CondemnedFiles } from './condemned-copy';
import { copyOnDisk, lookAtFile } from './disk-copy';
import { Suspects } from './suspects';
import { judge, type ObjectSeen, type Verdict } from './verdict';

/** Age from which a change counts as settled, in milliseconds. A younger one may belong to a request that has not ended. */
const OLD_ENOUGH_MS = 24 * 3600_000;
/** Delay before the purge of a file that the library does not list, in milliseconds. The purge asks the library again. */
const TRASH_MS = 7 * 24 * 3600_000;

/** Goes through the whole ledger. For each row it asks: are the object and the file on this disk there, and does the library list it? */
export async function auditLedger(run: AuditRun): Promise<void> {
  const suspects = new Suspects<LedgerRow>((rows) => buryUnlisted(run, rows));
  const { concurrency } = run.context.options;
  const paced = pace(run.deps, concurrency);
  let after: string | null = null;
  do {
    const page = await run.deps.ledger.page({ after, limit: AT_ONCE.page });
    const condemned = condemnedFilesOf(run, page.rows.map(({ row }) => row.key));
    await forEach(page.rows, concurrency, (audited) => paced(async () => {
      if (!run.stopped) await auditRow(run, audited, { condemned, suspects });
    }));
    if (!run.stopped) await suspects.judgeMany();
    await run.commit();
    after = page.next;
  } while (after !== null && !run.stopped);
  if (!run.stopped) await suspects.judgeAll();
  await run.commit();
}

interface OfMany {
  /** The condemned files of the whole page. */
  readonly condemned: CondemnedFiles;
  /** Rows that are in order, provided the library lists them. */
  readonly suspects: Suspects<LedgerRow>;
}

async function auditRow(run: AuditRun, audited: AuditedRow, { condemned, suspects }: OfMany): Promise<void> {
  const { row, auditedBy } = audited;
  const wasSeen = auditedBy === run.context.runId;
  if (!wasSeen) run.context.progress.done(sizeOf(row));
  if (row.tombstone !== null) return;
  if (row.lastError !== null && row.lastError !== 'LOST') {
    await run.note({ kind: 'failed', key: row.key, name: null, size: sizeOf(row), code: row.lastError, action: 'none' });
  }
  const verdict = await verdictOn(run, row, wasSeen, condemned);
  if (verdict) return found(run, row, verdict, condemned);
  if (audited.unchangedMs >= OLD_ENOUGH_MS) suspects.add(row);
}

/** Buries the rows that the library does not list and that are unchanged since they were read. */
async function buryUnlisted(run: AuditRun, rows: readonly LedgerRow[]): Promise<void> {
  const listed = await run.listed(rows.map(({ key }) => key));
  for (const row of rows) {
    if (run.stopped) return;
    if (listed.has(row.key) || !(await isUnchanged(run, row))) continue;
    await run.note({ kind: 'unlisted', key: row.key, name: null, size: sizeOf(row), code: null, action: 'bury' }, () =>
      run.deps.ledger.buryUnlisted(row, TRASH_MS),
    );
  }
}

/** Returns the fault of the row's bytes. It returns undefined when there is none, or when the row has changed since it was read. */
async function verdictOn(run: AuditRun, row: LedgerRow, wasSeen: boolean, condemned: CondemnedFiles): Promise<Verdict | undefined> {
  const file = await lookAtFile(run, row);
  // the listing is some time old, so the audit requests the object again before it forgets a copy
  const object = wasSeen && file !== 'gone' ? 'equal' : await lookAtObject(run, row);
  const evidence = { state: row.placement.state, object, file, copyHere: false, nowhereElse: false };
  if (!judge(evidence)) return undefined;
  const suspect = object === 'missing' || object === 'changed';
  const copy = suspect ? await copyOnDisk(run, row) : undefined;
  const isWanted = suspect ? !copy?.usable : object === 'none' && file === 'gone';
  const left = isWanted ? await condemnedCopy(run, row, condemned) : undefined;
  // a copy that may not be used still shows that the bytes exist
  const isNowhere = copy === undefined && left === undefined && object !== 'equal' && object !== 'archived';
  const nowhereElse = isNowhere && (await run.isNowhereElse(row.key, remoteOf(row)?.locationId));
  const verdict = judge({ ...evidence, copyHere: copy?.usable === true || left !== undefined, nowhereElse });
  return (await isUnchanged(run, row)) ? verdict : undefined;
}

async function lookAtObject(run: AuditRun, row: LedgerRow): Promise<ObjectSeen> {
  const remote = remoteOf(row);
  if (!remote) return 'none';
  const store = run.reached.get(remote.locationId);
  const facts = store ? await run.head(store, remote.object) : 'unknown';
  if (facts === 'unknown') run.bucketUnseen = true;
  if (typeof facts === 'string') return facts;
  if (!isAsStored(row, facts)) return 'changed';
  run.proven.add(remote.locationId);
  return facts.archived ? 'archived' : 'equal';
}

async function isUnchanged(run: AuditRun, row: LedgerRow): Promise<boolean> {
  const now = await run.deps.ledger.find(row.key);
  return now?.rev === row.rev && now.tombstone === null;
}

function found(run: AuditRun, row: LedgerRow, { kind, code, action }: Verdict, condemned: CondemnedFiles): Promise<void> {
  const { ledger } = run.deps;
  const ofFile = kind === 'file-missing' || kind === 'file-changed' || kind === 'stranded';
  const name = (ofFile ? localOf(row)?.localName : remoteOf(row)?.object) ?? null;
  const finding = { kind, key: row.key, name, size: sizeOf(row), code, action, details: { rev: row.rev } };
  switch (action) {
    case 'upload-again':
      return run.note(finding, async () => {
        const copy = await copyOnDisk(run, row);
        return copy?.usable ? ledger.demote(row, copy.local) : rescue(run, row, condemned);
      });
    case 'drop-file-copy':
      return run.note(finding, () => ledger.dropLocal(row));
    case 'mark-lost':
      return run.note(finding, () => ledger.markLost(row));
    default:
      return run.note(finding);
  }
}

function sizeOf(row: LedgerRow): number {
  return isIn(row, 'local', 'both', 'remote') ? row.placement.content.size : 0;
}

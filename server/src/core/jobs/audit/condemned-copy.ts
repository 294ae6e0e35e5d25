import type { LocalName, ObjectKey } from '../../keys';
import type { LedgerRow } from '../../ledger/ledger';
import { isIn } from '../../ledger/state';
import { describedBody } from '../../media/body';
import { noteFailure } from '../failures';
import type { AuditRun } from './audit-run';
import { hasBytes, lookAtFile } from './disk-copy';

/** The files of a key on this disk that await the sweeper. */
export type CondemnedFiles = (key: ObjectKey) => Promise<readonly LocalName[]>;

/** Those of a page's keys. The ledger is asked for all of them when the first is wanted. */
export function condemnedFilesOf(run: AuditRun, keys: readonly ObjectKey[]): CondemnedFiles {
  let asked: Promise<Map<ObjectKey, LocalName[]>> | undefined;
  return async (key) => {
    asked ??= run.deps.ledger.condemnedFiles(run.deps.volume.id, keys);
    return (await asked).get(key) ?? [];
  };
}

/** A file with exactly the row's bytes that awaits the sweeper; undefined also where the row's own copy may be somewhere else. */
export async function condemnedCopy(run: AuditRun, row: LedgerRow, condemned: CondemnedFiles): Promise<LocalName | undefined> {
  const own = await lookAtFile(run, row);
  if (own === 'elsewhere' || own === 'unknown') return undefined;
  for (const name of await condemned(row.key)) if (await hasBytes(run, row, name)) return name;
  return undefined;
}

/**
 * Copies such a file to a name of its own, which becomes the row's. Nothing gets the condemned name away from the sweeper: should
 * he be faster, the copy comes to nothing.
 * @returns whether it came to that; why not is noted in the ledger
 */
export async function rescue(run: AuditRun, row: LedgerRow, condemned: CondemnedFiles): Promise<boolean> {
  const { ledger, disk, volume } = run.deps;
  const name = await condemnedCopy(run, row, condemned);
  if (name === undefined || !isIn(row, 'local', 'both', 'remote')) return false;
  const { size, md5 } = row.placement.content;
  if (md5 === null) return false;
  const intent = await ledger.begin({ kind: 'file', key: row.key, volume: await volume.refresh(), plainFree: false, content: { size, md5 } });
  try {
    // the disk takes no other bytes than announced, and these are the ledger's
    await disk.put(intent.name, describedBody({ size, md5 }, disk, name));
  } catch (error) {
    await ledger.abandon([intent]);
    await noteFailure(run.deps, row, error, 'settle');
    return false;
  }
  return ledger.commitRescue(row, intent);
}

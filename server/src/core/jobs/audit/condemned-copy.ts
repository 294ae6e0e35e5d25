import type { LocalName, ObjectKey } from '../../keys';
import type { LedgerRow } from '../../ledger/state';
import { hasBytes, takeBack } from '../../sweep/take-back';
import type { AuditRun } from './audit-run';
import { lookAtFile } from './disk-copy';

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
  for (const name of await condemned(row.key)) if (await hasBytes(run.deps, row, name, run.context.signal)) return name;
  return undefined;
}

/** Gives such a file back to the row. @returns whether it came to that, see {@link takeBack} */
export async function rescue(run: AuditRun, row: LedgerRow, condemned: CondemnedFiles): Promise<boolean> {
  const name = await condemnedCopy(run, row, condemned);
  return name !== undefined && takeBack(run.deps, row, name);
}

import type { LocalName, ObjectKey } from '../../keys';
import type { LedgerRow } from '../../ledger/state';
import { hasBytes, takeBack } from '../../sweep/take-back';
import type { AuditRun } from './audit-run';
import { lookAtFile } from './disk-copy';

/** The files of a key on this disk that await the sweeper. */
export type CondemnedFiles = (key: ObjectKey) => Promise<readonly LocalName[]>;

/** The condemned files of the keys of one page. The first call asks the ledger about all keys of the page. */
export function condemnedFilesOf(run: AuditRun, keys: readonly ObjectKey[]): CondemnedFiles {
  let asked: Promise<Map<ObjectKey, LocalName[]>> | undefined;
  return async (key) => {
    asked ??= run.deps.ledger.condemnedFiles(run.deps.volume.id, keys);
    return (await asked).get(key) ?? [];
  };
}

/** Returns a condemned file with exactly the row's bytes. It returns undefined also when the row's own copy may be on another disk. */
export async function condemnedCopy(run: AuditRun, row: LedgerRow, condemned: CondemnedFiles): Promise<LocalName | undefined> {
  const own = await lookAtFile(run, row);
  if (own === 'elsewhere' || own === 'unknown') return undefined;
  for (const name of await condemned(row.key)) if (await hasBytes(run.deps, row, name, run.context.signal)) return name;
  return undefined;
}

/** Gives a condemned file with the row's bytes back to the row. @returns whether that succeeded, see {@link takeBack} */
export async function rescue(run: AuditRun, row: LedgerRow, condemned: CondemnedFiles): Promise<boolean> {
  const name = await condemnedCopy(run, row, condemned);
  return name !== undefined && takeBack(run.deps, row, name);
}

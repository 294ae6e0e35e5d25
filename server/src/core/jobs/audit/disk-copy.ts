import { isStorageError } from '../../errors';
import { plainLocalName } from '../../keys';
import type { PlacedName, LocalCopy } from '../../ledger/words';
import { type LedgerRow, isIn, localOf } from '../../ledger/state';
import { statOf } from '../../media/plain-file';
import { hasBytes } from '../../sweep/take-back';
import type { AuditRun } from './audit-run';
import type { FileSeen } from './verdict';

/** Looks at the row's copy on a disk. It compares the size, and reads no bytes. */
export async function lookAtFile(run: AuditRun, row: LedgerRow): Promise<FileSeen> {
  const { disk, volume } = run.deps;
  const local = localOf(row);
  if (!local || !isIn(row, 'local', 'both')) return 'none';
  if (local.volume !== volume.id) return run.isVanished(local.volume) ? 'vanished' : 'elsewhere';
  try {
    const found = await statOf(disk, local.localName);
    if (found) return found.size === row.placement.content.size ? 'here' : 'changed';
    return (await run.isDiskThere()) ? 'gone' : 'unknown';
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return 'unknown';
  }
}

/**
 * Finds a file on this disk with exactly the row's bytes: the row's own copy, or the file at the plain path.
 * @returns `usable` is false when the name is recorded as pending or condemned
 */
export async function copyOnDisk(run: AuditRun, row: LedgerRow): Promise<{ local: LocalCopy; usable: boolean } | undefined> {
  const { ledger, volume } = run.deps;
  const own = localOf(row);
  if (own) {
    const isOurs = own.volume === volume.id && (await hasBytes(run.deps, row, own.localName, run.context.signal));
    return isOurs ? { local: own, usable: true } : undefined;
  }
  const local = { volume: volume.id, localName: plainLocalName(row.key) };
  if (!(await hasBytes(run.deps, row, local.localName, run.context.signal))) return undefined;
  const name: PlacedName = { kind: 'file', name: local.localName, volume: local.volume };
  return { local, usable: (await ledger.recordedNames([name])).size === 0 };
}

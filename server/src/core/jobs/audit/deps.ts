import type { LedgerMoves } from '../../ledger/moves';
import type { LedgerLocations } from '../../ledger/locations';
import type { LedgerReports } from '../../ledger/reports';
import type { LedgerUpkeep } from '../../ledger/upkeep';
import type { LedgerWrites } from '../../ledger/writes';
import type { EngineParts } from '../../media/deps';
import type { MediaLibrary } from '../../media/library';
import type { TakeBackParts } from '../../sweep/deps';
import type { DiskTree } from '../../store/local/disk-tree';
import type { VolumeRegistry } from '../../volumes/registry';

/** The parts that an audit needs beside those that all jobs have. */
export interface AuditDeps {
  library: MediaLibrary;
  registry: Pick<VolumeRegistry, 'list'>;
  /** The files of this process's disk. */
  tree: DiskTree;
}

type AuditedLedger = LedgerReports &
  Pick<LedgerWrites, 'find' | 'rowsOf' | 'condemnedFiles'> &
  Pick<LedgerMoves, 'recordMissing'> &
  Pick<LedgerUpkeep, 'condemnStray'> &
  Pick<LedgerLocations, 'locations'>;

export type AuditParts = EngineParts<AuditedLedger> & TakeBackParts & AuditDeps;

import type { MediaLibrary } from '../media/library';
import type { LedgerMoves } from '../ledger/moves';
import type { LedgerReports } from '../ledger/reports';
import type { LedgerWrites } from '../ledger/writes';
import type { EngineParts } from '../media/deps';
import type { SweepParts } from '../sweep/deps';
import type { PublicUrlGate } from '../public-url/gate';
import type { Inventories } from '../ledger/inventories';

/** The ledger of a job that copies or moves bytes. Such a job publishes nothing and buries nothing. */
export type MovingLedger = LedgerMoves &
  Pick<LedgerWrites, 'find' | 'rowsOf' | 'isEmpty' | 'begin' | 'touch' | 'abandon' | 'forget' | 'adopt'> &
  Pick<LedgerReports, 'tallies' | 'list' | 'page' | 'outside' | 'pendingWork' | 'scan' | 'leftToSettle' | 'copiesElsewhere'>;

/** The parts that copy or move bytes. */
export type MoveParts = EngineParts<MovingLedger>;

/** The parts of a job on the whole library. It needs the sweeper, to free at once the names that it has condemned. */
export type JobDeps = MoveParts & SweepParts & {
  library: MediaLibrary;
  inventories: Inventories;
  /** Tells whether visitors' requests for files reach this plugin. */
  publicUrl: Pick<PublicUrlGate, 'known' | 'fresh'>;
};

import type { MediaLibrary } from '../media/library';
import type { LedgerMoves } from '../ledger/moves';
import type { LedgerReports } from '../ledger/reports';
import type { LedgerWrites } from '../ledger/writes';
import type { EngineParts } from '../media/deps';
import type { SweepParts } from '../sweep/deps';
import type { PublicUrlGate } from '../public-url/gate';
import type { Inventories } from '../ledger/inventories';

/** The ledger of a job that copies or moves bytes: such a job publishes nothing and buries nothing. */
export type MovingLedger = LedgerMoves &
  Pick<LedgerWrites, 'find' | 'rowsOf' | 'isEmpty' | 'begin' | 'touch' | 'abandon' | 'forget' | 'adopt'> &
  Pick<LedgerReports, 'tallies' | 'list' | 'page' | 'pendingWork' | 'scan' | 'leftToSettle' | 'copiesElsewhere'>;

/** What is needed to copy or move bytes. */
export type MoveParts = EngineParts<MovingLedger>;

/** What jobs on the whole library are made of. They sweep at once what they have condemned and need gone. */
export type JobDeps = MoveParts & SweepParts & {
  library: MediaLibrary;
  inventories: Inventories;
  /** Whether visitors' requests for files come to this plugin. */
  publicUrl: Pick<PublicUrlGate, 'known' | 'fresh'>;
};

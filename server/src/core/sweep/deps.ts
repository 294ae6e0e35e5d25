import type { LedgerMoves } from '../ledger/moves';
import type { LedgerLocations } from '../ledger/locations';
import type { LedgerReports } from '../ledger/reports';
import type { LedgerUpkeep } from '../ledger/upkeep';
import type { LedgerWrites } from '../ledger/writes';
import type { EngineParts } from '../media/deps';

/** The parts that give a row back the file that lies under a condemned name. */
export type TakeBackParts = EngineParts<Pick<LedgerUpkeep, 'commitRescue'> & Pick<LedgerMoves, 'commitRestores' | 'release' | 'recordFailure'> & Pick<LedgerWrites, 'begin' | 'abandon'>>;

/** The parts that end tombstones and remove condemned bytes. */
export type SweepParts = TakeBackParts &
  EngineParts<LedgerUpkeep & Pick<LedgerMoves, 'commitRelocation'> & Pick<LedgerWrites, 'find' | 'touch' | 'forget'> & Pick<LedgerReports, 'tallies' | 'list'> & Pick<LedgerLocations, 'locations'>>;

import type { LedgerMoves } from './moves';
import type { LedgerLocations } from './locations';
import type { LedgerReports } from './reports';
import type { LedgerUpkeep } from './upkeep';
import type { LedgerWrites } from './writes';

/**
 * The ledger knows which bytes each key has and where they lie. Bytes under a name never change; only the rows of the ledger do.
 *
 * - Every method is one atomic step: it happens whole or not at all. A rejected promise other than a StorageError does not tell
 *   which, because the answer of a COMMIT can be lost. The caller then reads the row again, and never undoes anything.
 * - Inside a transaction of the host, every method joins it and is rolled back with it.
 * - Times come from the ledger (the database's clock), never from the caller.
 * - Keys and names compare byte by byte.
 *
 * Implementations and the code that builds the engine use this interface. All other code uses the port of its room.
 */
export interface Ledger extends LedgerWrites, LedgerMoves, LedgerUpkeep, LedgerReports, LedgerLocations {}

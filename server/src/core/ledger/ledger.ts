import type { LedgerMoves } from './moves';
import type { LedgerPlaces } from './places';
import type { LedgerReports } from './reports';
import type { LedgerUpkeep } from './upkeep';
import type { LedgerWrites } from './writes';

/**
 * What bytes each key has and where they lie. Bytes never change; only the ledger moves.
 *
 * - Every method is one atomic step: it happens whole or not at all, and a rejected promise other than a StorageError
 *   leaves it open which (the answer of a COMMIT can be lost: read the row again, never undo).
 * - Inside a transaction of the host's, every method joins it and is undone with it.
 * - Times are the ledger's own (the database's clock), never the caller's.
 * - Keys and names compare byte by byte.
 *
 * For implementations and for who makes the parts of the engine: everybody else takes the port of his room.
 */
export interface Ledger extends LedgerWrites, LedgerMoves, LedgerUpkeep, LedgerReports, LedgerPlaces {}

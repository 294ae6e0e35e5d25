import type { Ledger } from '../../core/ledger/ledger';
import { DEFAULT_POLICY, type LedgerPolicy } from '../../core/ledger/words';
import { absence } from './ledger/absence';
import { auditing } from './ledger/auditing';
import { tombstones } from './ledger/tombstones';
import { claims } from './ledger/claims';
import { counting } from './ledger/counting';
import { listing } from './ledger/listing';
import { locations } from './ledger/locations';
import { migration } from './ledger/migration';
import { moves } from './ledger/moves';
import { rows } from './ledger/rows';
import type { LedgerContext } from './ledger/session';
import { settling } from './ledger/settling';
import { sweeping } from './ledger/sweeping';
import { writes } from './ledger/writes';
import type { Transactions } from './transactions';

export interface KnexLedgerOptions {
  policy?: LedgerPolicy;
  /** Returns a random number, uniform in [0, 1). */
  random?: () => number;
  /** Number of rows that a scan reads at once on SQLite, where nothing else in this process runs meanwhile. */
  readAtOnce?: number;
}

/** Rows that SQLite reads in about 50 ms. */
const READ_AT_ONCE = 20_000;

/**
 * The ledger in the host's database: SQLite, PostgreSQL, MySQL or MariaDB. {@link migrate} makes its tables. If a call inside a transaction
 * of the host rejects, the host has to undo the transaction; only INTENT_LOST changes nothing.
 */
export function knexLedger(transactions: Transactions, options: KnexLedgerOptions = {}): Ledger {
  const context: LedgerContext = {
    transactions,
    policy: options.policy ?? DEFAULT_POLICY,
    random: options.random ?? Math.random,
    readAtOnce: options.readAtOnce ?? READ_AT_ONCE,
  };
  return {
    ...rows(context),
    ...writes(context),
    ...tombstones(context),
    ...claims(context),
    ...moves(context),
    ...migration(context),
    ...counting(context),
    ...settling(context),
    ...sweeping(context),
    ...listing(context),
    ...locations(context),
    ...auditing(context),
    ...absence(context),
  };
}

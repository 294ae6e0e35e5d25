import type { Knex } from 'knex';
import type { LedgerPolicy } from '../../../core/ledger/words';
import type { Change } from '../../../core/ledger/transitions';
import type { Transactions } from '../transactions';
import { Names } from './names';
import { Objects } from './objects';
import { TallyBook } from './tally-book';

/** What every part of the ledger is made from. */
export interface LedgerContext {
  readonly transactions: Transactions;
  readonly policy: LedgerPolicy;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** PostgreSQL's schema, where it is not the connection's own. */
  readonly schema: string | undefined;
  /** Rows that a scan reads at once where nothing else in this process goes on meanwhile. */
  readonly readAtOnce: number;
}

/**
 * The ledger's tables inside one transaction. Two rules for whoever uses it: lock objects before names (else works
 * dead-lock), and decide only on what was read under a lock (MySQL's plain reads are as old as the transaction).
 */
export interface Session {
  readonly objects: Objects;
  readonly names: Names;
  readonly tallies: TallyBook;
}

export function open(context: LedgerContext, db: Knex): Session {
  const tallies = new TallyBook(db, context.schema);
  return { objects: new Objects(db, context.schema, tallies), names: new Names(db, context.schema), tallies };
}

/** One atomic step of the ledger. */
export function inTransaction<T>(context: LedgerContext, work: (session: Session) => Promise<T>): Promise<T> {
  return context.transactions.run((trx) => work(open(context, trx)));
}

/** One reading statement. */
export function reading<T>(context: LedgerContext, query: (session: Session) => Promise<T>): Promise<T> {
  return context.transactions.read((db) => query(open(context, db)));
}

export async function apply({ objects, names }: Session, { row, condemned }: Change): Promise<void> {
  await objects.store(row);
  // guard: dropped-names-are-condemned
  await names.condemn(row.key, condemned);
}

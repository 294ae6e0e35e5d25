import type { Knex } from 'knex';
import type { LedgerPolicy } from '../../../core/ledger/words';
import type { Change } from '../../../core/ledger/transitions';
import type { Transactions } from '../transactions';
import { Names } from './names';
import { Objects } from './objects';
import { TallyBook } from './tally-book';

/** The parts that every file of the SQL ledger needs. */
export interface LedgerContext {
  readonly transactions: Transactions;
  readonly policy: LedgerPolicy;
  /** Returns random numbers that are uniform in [0, 1). */
  readonly random: () => number;
  /** Rows that a scan reads at once on a database whose reads block this process. */
  readonly readAtOnce: number;
}

/**
 * The ledger's tables inside one transaction. Two rules hold for its users. They lock objects before names, because transactions
 * would deadlock otherwise. They decide only on data that was read under a lock, because MySQL's plain reads show the state at the
 * beginning of the transaction.
 */
export interface Session {
  readonly objects: Objects;
  readonly names: Names;
  readonly tallies: TallyBook;
}

export function open(context: LedgerContext, db: Knex): Session {
  const { table } = context.transactions;
  const tallies = new TallyBook(db, table);
  return { objects: new Objects(db, table, tallies), names: new Names(db, table), tallies };
}

/** Does one atomic step of the ledger. */
export function inTransaction<T>(context: LedgerContext, work: (session: Session) => Promise<T>): Promise<T> {
  return context.transactions.run((trx) => work(open(context, trx)));
}

/** Does one reading statement. */
export function reading<T>(context: LedgerContext, query: (session: Session) => Promise<T>): Promise<T> {
  return context.transactions.read((db) => query(open(context, db)));
}

/** Stores a changed row, and condemns the names that it does not need any more. */
export async function apply({ objects, names }: Session, change: Change): Promise<void> {
  await objects.store(change.row);
  await condemnDropped(names, [change]);
}

/** Does {@link apply} for changes of different rows, in few statements. */
export async function applyAll({ objects, names }: Session, changes: readonly Change[]): Promise<void> {
  await objects.storeAll(changes.map(({ row }) => row));
  await condemnDropped(names, changes);
}

async function condemnDropped(names: Names, changes: readonly Change[]): Promise<void> {
  // guard: dropped-names-are-condemned
  for (const { row, condemned } of changes) await names.condemn(row.key, condemned);
}

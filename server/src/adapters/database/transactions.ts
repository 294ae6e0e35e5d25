import { setImmediate as immediate } from 'node:timers/promises';
import type { Knex } from 'knex';
import { systemClock, type Clock } from '../../core/clock';
import { readsBlock } from './dialect';

/**
 * The only access to the database. Raw knex inside a transaction of the host would dead-lock on SQLite (its pool has one connection).
 */
export interface Transactions {
  /**
   * Runs `work` in a transaction. If this asynchronous context has a transaction of the host, `work` runs in that one: the host may still
   * undo it, and the promise says nothing about its COMMIT. Otherwise `work` gets a transaction of its own, which is committed when the
   * promise resolves.
   * A transaction of its own that lost against another one is repeated, so `work` may run more than once. Not re-entrant.
   */
  run<T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T>;
  /** Runs one reading statement, in the host's transaction if there is one, otherwise without a transaction. */
  read<T>(query: (db: Knex) => Promise<T>): Promise<T>;
  /** A table of the plugin's own, in the schema where Strapi keeps all tables: Strapi names it too, whatever the search path says. */
  table(db: Knex, name: string): Knex.QueryBuilder;
}

/** Number of attempts for one transaction. */
const ATTEMPTS = 8;
/** First pause before a repetition; it doubles each time up to the cap (ms). */
const BACKOFF_MS = 10;
const BACKOFF_CAP_MS = 400;

/** Runs each call in a transaction of its own; for tests and tools. */
export function knexTransactions(knex: Knex, schema?: string, clock: Pick<Clock, 'sleep' | 'random'> = systemClock): Transactions {
  const inTurns = takingTurns(knex);
  return {
    table: tablesIn(schema),
    run: (work) => inTurns(repeated(() => knex.transaction(work), clock)),
    read: (query) => inTurns(query(knex)),
  };
}

/** The part of `strapi.db` that the plugin uses. */
export interface StrapiDatabase {
  readonly connection: Knex;
  getSchemaName(): string | undefined;
  inTransaction(): boolean;
  transaction<T>(work: (parameters: { trx: Knex.Transaction }) => Promise<T>): Promise<T>;
}

export function strapiTransactions(
  db: StrapiDatabase,
  clock: Pick<Clock, 'sleep' | 'random'> = systemClock,
): Transactions {
  /** The last work of each transaction of the host that is still open. */
  const queues = new WeakMap<Knex.Transaction, Promise<unknown>>();
  /** Runs the works of one transaction one after the other, because row locks do not separate them. */
  const inAmbient = <T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T> =>
    db.transaction(({ trx }) => {
      const turn = (queues.get(trx) ?? Promise.resolve()).then(() => work(trx));
      queues.set(trx, turn.catch(() => undefined));
      return turn;
    });
  const inTurns = takingTurns(db.connection);
  return {
    table: tablesIn(db.getSchemaName()),
    run: (work) => (db.inTransaction() ? inAmbient(work) : inTurns(repeated(() => db.transaction(({ trx }) => work(trx)), clock))),
    read: (query) => (db.inTransaction() ? inAmbient(query) : inTurns(query(db.connection))),
  };
}

/** Time for which statements follow one another before everything else in this process gets a turn, in milliseconds. */
const TURN_MS = 10;

/**
 * SQLite has its answer ready at once, so that a chain of statements, each of which waits for the one before, never lets the event loop
 * turn: visitors would wait until a job has done a whole page. Between two statements everybody else gets a turn from time to time.
 */
function takingTurns(db: Knex): <T>(answer: Promise<T>) => Promise<T> {
  if (!readsBlock(db)) return (answer) => answer;
  let turnedAt = -Infinity;
  return async (answer) => {
    const result = await answer;
    if (performance.now() - turnedAt > TURN_MS) {
      await immediate();
      turnedAt = performance.now();
    }
    return result;
  };
}

/** @param schema PostgreSQL's schema, if it is not the connection's own */
function tablesIn(schema: string | undefined): Transactions['table'] {
  return (db, name) => (schema ? db(name).withSchema(schema) : db(name));
}

async function repeated<T>(transaction: () => Promise<T>, clock: Pick<Clock, 'sleep' | 'random'>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      if (attempt >= ATTEMPTS || !lostAgainstAnother(error)) throw error;
      await clock.sleep(Math.min(BACKOFF_CAP_MS, BACKOFF_MS * 2 ** attempt) * clock.random());
    }
  }
}

/**
 * Whether the database gave this transaction up in favour of another one, and surely did not commit it: PostgreSQL's serialization failure
 * and deadlock; MySQL's deadlock and lock wait timeout, and MariaDB's row that changed since the snapshot; SQLite's writer lock.
 */
function lostAgainstAnother(error: unknown): boolean {
  const { code = '', errno } = error as { code?: string; errno?: number };
  return (
    code === '40001' ||
    code === '40P01' ||
    code.startsWith('SQLITE_BUSY') ||
    (code.startsWith('ER_') && errno !== undefined && [1213, 1205, 1020].includes(errno))
  );
}

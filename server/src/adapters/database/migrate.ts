import type { Knex } from 'knex';
import { migrationSource, type Migration } from '../../../../migrations';
import { systemClock, type Clock } from '../../core/clock';

const TABLE = 's3_storage_migrations';
const LOCK_TABLE = `${TABLE}_lock`;
/** Longest time in which another process may migrate (ms). After that its lock counts as one that a killed process left. */
const LOCK_WAIT_MS = 60_000;
/** Pause between two attempts (ms). */
const POLL_MS = 250;
/**
 * Number of attempts when processes that boot for the first time create the same tables at once. The loser finds them made when it looks
 * again.
 */
const RACE_ATTEMPTS = 5;

export interface MigrateOptions {
  /** PostgreSQL's schema, if it is not the connection's own. */
  schema?: string;
  lockWaitMs?: number;
  clock?: Pick<Clock, 'now' | 'sleep'>;
}

/**
 * Brings the plugin's tables up to date through the host's connection. A transaction must not contain this call. It is safe when several
 * processes boot at once, after a process was killed half-way, and after a downgrade: it leaves migrations alone that only a later version
 * knows.
 * @throws the database's error if a migration cannot be applied
 */
export async function migrate(knex: Knex, options: MigrateOptions = {}): Promise<void> {
  const { schema, lockWaitMs = LOCK_WAIT_MS, clock = systemClock } = options;
  const config = configOf(schema);
  let freed = false;
  for (let attempt = 1; ; attempt++) {
    try {
      await knex.migrate.latest(config);
      return;
    } catch (error) {
      if (isLocked(error) && !freed) {
        if (!(await unlocked(knex, schema, clock, clock.now() + lockWaitMs))) {
          await knex.migrate.forceFreeMigrationsLock(config);
          freed = true;
        }
      } else if (attempt >= RACE_ATTEMPTS || !(isLocked(error) || isRace(error))) {
        throw error;
      }
      await clock.sleep(POLL_MS);
    }
  }
}

/** Returns the names of the migrations that have not run. @throws the database's error */
export async function missingMigrations(knex: Knex, schema?: string): Promise<string[]> {
  const [, missing] = (await knex.migrate.list(configOf(schema))) as [unknown, Migration[]];
  return missing.map(({ name }) => name);
}

const configOf = (schema: string | undefined): Knex.MigratorConfig => ({
  migrationSource: migrationSource(schema),
  tableName: TABLE,
  schemaName: schema,
  disableMigrationsListValidation: true,
});

function isLocked(error: unknown): boolean {
  return (error as Error).name === 'MigrationLocked';
}

/**
 * Whether another process made a table, type or lock row between this process's check and its attempt, or holds SQLite's writer lock.
 */
function isRace(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return (
    ['42P07', '42710', '23505', 'ER_TABLE_EXISTS_ERROR', 'ER_LOCK_DEADLOCK'].includes(code) ||
    code.startsWith('SQLITE_BUSY') ||
    // SQLite has no code of its own for this case
    (code === 'SQLITE_ERROR' && message.includes('already exists'))
  );
}

/** Waits until the lock is free. @returns false if it was still held at the deadline */
async function unlocked(
  knex: Knex,
  schema: string | undefined,
  clock: Pick<Clock, 'now' | 'sleep'>,
  deadline: number,
): Promise<boolean> {
  for (;;) {
    const table = schema ? knex(LOCK_TABLE).withSchema(schema) : knex(LOCK_TABLE);
    const rows: { is_locked: number }[] = await table.select('is_locked');
    // processes that booted at once can each have made a row, and knex then takes the lock as held for ever
    if (rows.length === 1 && rows[0]?.is_locked === 0) return true;
    if (clock.now() >= deadline || rows.length !== 1) return false;
    await clock.sleep(POLL_MS);
  }
}

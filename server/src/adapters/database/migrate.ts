import type { Knex } from 'knex';
import { migrationSource, type Migration } from '../../../../migrations';
import { systemClock, type Clock } from '../../core/clock';

const TABLE = 's3_storage_migrations';
const LOCK_TABLE = `${TABLE}_lock`;
/** How long another process may migrate before its lock is taken for one that a killed process left. */
const LOCK_WAIT_MS = 60_000;
const POLL_MS = 250;
/** Processes booting for the first time create the same tables at once; the loser finds them made when it looks again. */
const RACE_ATTEMPTS = 5;

export interface MigrateOptions {
  /** PostgreSQL's schema, where it is not the connection's own. */
  schema?: string;
  lockWaitMs?: number;
  clock?: Pick<Clock, 'now' | 'sleep'>;
}

/**
 * Brings the plugin's tables up to date through the host's connection. Not to be called inside a transaction. Safe
 * when several processes boot at once, after a process was killed half-way, and after a downgrade (migrations that
 * only a later version knows are left alone).
 * @throws whatever the database says, when a migration cannot be applied
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

/** The names of those that have not run. @throws whatever the database says */
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

/** A table, type or lock row that another process made between our look and our try; or SQLite's writer lock. */
function isRace(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return (
    ['42P07', '42710', '23505', 'ER_TABLE_EXISTS_ERROR', 'ER_LOCK_DEADLOCK'].includes(code) ||
    code.startsWith('SQLITE_BUSY') ||
    // SQLite has no code of its own for it
    (code === 'SQLITE_ERROR' && message.includes('already exists'))
  );
}

/** Waits for the lock to be given back. @returns false when it still was held at the deadline */
async function unlocked(
  knex: Knex,
  schema: string | undefined,
  clock: Pick<Clock, 'now' | 'sleep'>,
  deadline: number,
): Promise<boolean> {
  for (;;) {
    const table = schema ? knex(LOCK_TABLE).withSchema(schema) : knex(LOCK_TABLE);
    const rows: { is_locked: number }[] = await table.select('is_locked');
    // two rows: processes that booted at once each made one, and knex then takes the lock for held for ever
    if (rows.length === 1 && rows[0]?.is_locked === 0) return true;
    if (clock.now() >= deadline || rows.length !== 1) return false;
    await clock.sleep(POLL_MS);
  }
}

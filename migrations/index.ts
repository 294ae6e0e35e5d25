import type { Knex } from 'knex';
import * as settings from './001-settings';
import * as ledger from './002-ledger';
import * as incidents from './003-incidents';
import * as scale from './004-scale';
import * as recovery from './005-recovery';
import * as volumes from './006-volumes';
import * as jobs from './007-jobs';
import * as takeover from './008-takeover';
import * as watches from './009-watches';
import * as owners from './010-owners';
import * as keptKeys from './011-kept-keys';
import * as contentTimes from './012-content-times';

export interface Migration {
  /** The name that the database records. It never changes. */
  readonly name: string;
  /** Applies the migration. @param schema PostgreSQL's schema, if it is not the connection's own */
  up(knex: Knex, schema?: string): Promise<void>;
}

/** All migrations in the order in which they run. New ones come at the end only. */
export const migrations: readonly Migration[] = [
  { name: '001-settings', up: settings.up },
  { name: '002-ledger', up: ledger.up },
  { name: '003-incidents', up: incidents.up },
  { name: '004-scale', up: scale.up },
  { name: '005-recovery', up: recovery.up },
  { name: '006-volumes', up: volumes.up },
  { name: '007-jobs', up: jobs.up },
  { name: '008-takeover', up: takeover.up },
  { name: '009-watches', up: watches.up },
  { name: '010-owners', up: owners.up },
  { name: '011-kept-keys', up: keptKeys.up },
  { name: '012-content-times', up: contentTimes.up },
];

/** The migrations are bundled with the code, so no folder has to be found at run time. */
export function migrationSource(schema?: string): Knex.MigrationSource<Migration> {
  return {
    getMigrations: async () => [...migrations],
    getMigrationName: (migration) => migration.name,
    getMigration: async (migration) => ({
      up: (knex) => migration.up(knex, schema),
      down: async () => {
        // these tables are the only record of where the files are
        throw new Error(`${migration.name} cannot be undone: only a person may drop the s3_storage tables, by hand`);
      },
    }),
  };
}

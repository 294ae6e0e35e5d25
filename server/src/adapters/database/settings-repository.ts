import type { Knex } from 'knex';

import type { Clock } from '../../core/clock';
import { EMPTY_ROW, type SettingsContent, type SettingsRepository, type SettingsRow } from '../../core/settings/ports';
import type { SecretTarget } from '../../core/settings/types';
import type { Transactions } from './transactions';

const TABLE = 's3_storage_settings';
const ROW_ID = 1;

/** Number of attempts for a change that lost to another process; each attempt starts from the newer row. */
const MAX_ROUNDS = 10;

interface Columns {
  revision: number | string;
  /** JSON: `{ settings, secretFor }` */
  document: string;
  secret: string | null;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null);

function targetOf(value: unknown): SecretTarget | null {
  if (!isRecord(value)) return null;
  return { endpoint: textOrNull(value.endpoint), bucket: textOrNull(value.bucket), accessKeyId: textOrNull(value.accessKeyId) };
}

function parseDocument(text: string): Pick<SettingsRow, 'settings' | 'secretFor'> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = null; // somebody damaged the row by hand: Strapi boots, and somebody has to enter the settings again
  }
  if (!isRecord(parsed)) return { settings: {}, secretFor: null };
  return { settings: isRecord(parsed.settings) ? parsed.settings : {}, secretFor: targetOf(parsed.secretFor) };
}

function rowOf(columns: Columns): SettingsRow {
  return { revision: Number(columns.revision), secret: columns.secret, ...parseDocument(columns.document) };
}

/** The row of the settings in the project's own database. */
export class KnexSettingsRepository implements SettingsRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  private table(db: Knex): Knex.QueryBuilder {
    return this.transactions.table(db, TABLE);
  }

  async revision(): Promise<number> {
    const row = await this.transactions.read((db) =>
      this.table(db).where({ id: ROW_ID }).first<Pick<Columns, 'revision'> | undefined>('revision'),
    );
    return Number(row?.revision ?? 0);
  }

  async read(): Promise<SettingsRow> {
    return this.transactions.read((db) => this.select(db));
  }

  async update(change: (row: SettingsRow) => SettingsContent): Promise<SettingsRow> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const written = await this.transactions.run(async (trx) => {
        const row = await this.select(trx);
        return this.write(trx, row, change(row));
      });
      if (written) return written;
    }
    throw new Error(`Other processes changed the settings ${MAX_ROUNDS} times in a row, so this change was not stored`);
  }

  private async select(db: Knex): Promise<SettingsRow> {
    const columns = await this.table(db).where({ id: ROW_ID }).first<Columns | undefined>('revision', 'document', 'secret');
    return columns ? rowOf(columns) : EMPTY_ROW;
  }

  /** Writes the row. @returns null if another process has written since `row` was read */
  private async write(trx: Knex.Transaction, row: SettingsRow, content: SettingsContent): Promise<SettingsRow | null> {
    const { settings, secretFor, secret } = content;
    const columns = {
      revision: row.revision + 1,
      document: JSON.stringify({ settings, secretFor }),
      secret,
      updated_at: this.clock.now(),
    };
    // only the very first write inserts a row; the conflict is ignored if another process was first
    await this.table(trx).insert({ id: ROW_ID, revision: 0, document: '{}', secret: null, updated_at: columns.updated_at }).onConflict('id').ignore();
    const changed = await this.table(trx).where({ id: ROW_ID, revision: row.revision }).update(columns);
    return changed === 1 ? { revision: columns.revision, settings, secretFor, secret } : null;
  }
}

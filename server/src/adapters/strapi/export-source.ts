import { Readable } from 'node:stream';
import type { Core } from '@strapi/strapi';
import { systemClock, type Clock } from '../../core/clock';
import { keyOf } from '../../core/keys';
import { ExportAnswers } from './export-answers';
import { fetchedLogos, fetchedRow, type FileRow } from './export-rows';
import { ExportUrls } from './export-urls';
import type { ExportedFiles } from './exported-files';
import type { Transfers } from './transfers';

/** The parts of Strapi's query builder by which an export is recognised. */
interface QueryBuilder {
  readonly state?: { readonly populate?: unknown; readonly transaction?: unknown };
  stream(...args: unknown[]): AsyncIterable<Record<string, unknown>>;
}

type Fetch = Core.Strapi['fetch'];

/**
 * Lets exports and transfers carry the files of this plugin, wherever their bytes are. Strapi's own source reads a local file from the
 * uploads folder, and leaves it out with a warning if it is not there; a file of another provider it fetches, and fails if it cannot
 * (`local-source/assets.js` of `@strapi/data-transfer`). So during a transfer the rows that the source reads name another provider, and
 * addresses that Strapi's `fetch` answers from this plugin. The database stays as it is.
 */
export function carryAllFiles(strapi: Core.Strapi, transfers: Transfers, files: () => Promise<ExportedFiles | undefined>, clock: Pick<Clock, 'elapsed' | 'sleep'> = systemClock): void {
  const urls = new ExportUrls();
  const answers = new ExportAnswers(files, clock);
  transfers.onEnd(() => answers.clear());
  wrapQueries(strapi, transfers, async (uid, row) => {
    const source = await files();
    if (!source) return row;
    if (uid !== 'plugin::upload.file') return fetchedLogos(row, urls, (logo) => source.has(keyOf(logo)));
    await transfers.once(() => source.assertReadable());
    return fetchedRow(row as unknown as FileRow, urls) as unknown as typeof row;
  });
  answerFetches(strapi, urls, answers);
}

/** Changes the rows that the source of a transfer streams. The destination streams rows in its transaction, and entities come with relations. */
function wrapQueries(strapi: Core.Strapi, transfers: Transfers, change: (uid: string, row: Record<string, unknown>) => Promise<Record<string, unknown>>): void {
  const database = strapi.db as unknown as { queryBuilder(uid: string, ...rest: unknown[]): QueryBuilder };
  const queryBuilder = database.queryBuilder.bind(database);
  database.queryBuilder = (uid, ...rest) => {
    const builder = queryBuilder(uid, ...rest);
    if (!transfers.isUnderWay() || (uid !== 'plugin::upload.file' && uid !== 'strapi::core-store')) return builder;
    const stream = builder.stream.bind(builder);
    builder.stream = (...args) => {
      const rows = stream(...args);
      const { populate, transaction } = stateOf(builder);
      return populate || transaction ? rows : Readable.from(changed(rows));
    };
    return builder;

    async function* changed(rows: AsyncIterable<Record<string, unknown>>) {
      for await (const row of rows) yield await change(uid, row);
    }
  };
}

/** @throws an Error if this version of Strapi builds its queries in another way: an export must not leave files out in silence */
function stateOf({ state }: QueryBuilder): NonNullable<QueryBuilder['state']> {
  if (!state) throw new Error('S3 Storage: this version of Strapi reads files for an export in a way that the plugin does not know, so the export would lack files. Update the plugin, or restore all files to the disk first.');
  return state;
}

function answerFetches(strapi: Core.Strapi, urls: ExportUrls, answers: ExportAnswers): void {
  const wrapped = new Proxy(strapi.fetch, {
    apply: (target, self, args: Parameters<Fetch>) => {
      const asked = urls.read(args[0]);
      return asked ? answers.answer(asked.address, asked.key) : Reflect.apply(target, self, args);
    },
  });
  Object.defineProperty(strapi, 'fetch', { value: wrapped, configurable: true, writable: true });
}

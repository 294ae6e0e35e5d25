import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import type { Core } from '@strapi/strapi';
import { isStorageError } from '../../core/errors';
import { keyOf, type ObjectKey } from '../../core/keys';
import type { WholeFile, WholeFiles } from '../../core/media/whole-files';
import { fetchedLogos, fetchedRow, type FileRow } from './export-rows';
import { ExportUrls } from './export-urls';

/** The parts of Strapi's query builder by which an export is recognised. */
interface QueryBuilder {
  readonly state?: { readonly populate?: unknown; readonly transaction?: unknown };
  stream(...args: unknown[]): AsyncIterable<Record<string, unknown>>;
}

type Fetch = Core.Strapi['fetch'];

/** Number of files that are kept between the question for their size and the question for their bytes. */
const KEPT_FILES = 8;

/**
 * Lets exports and transfers carry the files of this plugin, wherever their bytes are. Strapi's own source reads a local file from the
 * uploads folder, and leaves it out with a warning if it is not there; a file of another provider it fetches, and fails if it cannot
 * (`local-source/assets.js` of `@strapi/data-transfer`). So during a transfer the rows that the source reads name another provider, and
 * addresses that Strapi's `fetch` answers from this plugin. The database stays as it is.
 */
export function carryAllFiles(strapi: Core.Strapi, files: () => Promise<WholeFiles | undefined>): void {
  const urls = new ExportUrls();
  const transfer = watchTransfers(strapi);
  wrapQueries(strapi, transfer, async (uid, row) => {
    const source = await files();
    if (!source) return row;
    if (uid === 'plugin::upload.file') return fetchedRow(row as unknown as FileRow, urls) as unknown as typeof row;
    return fetchedLogos(row, urls, async (logo) => (await find(source, keyOf(logo))) !== undefined);
  });
  answerFetches(strapi, urls, files);
}

/** A transfer switches Strapi's lifecycles off from its beginning to its end. */
function watchTransfers(strapi: Core.Strapi): { isUnderWay(): boolean } {
  const { lifecycles } = strapi.db;
  let underWay = 0;
  const { disable, enable } = lifecycles;
  lifecycles.disable = () => {
    underWay++;
    disable.call(lifecycles);
  };
  lifecycles.enable = () => {
    underWay = Math.max(0, underWay - 1);
    enable.call(lifecycles);
  };
  return { isUnderWay: () => underWay > 0 };
}

/** Changes the rows that the source of a transfer streams. The destination streams rows in its transaction, and entities come with relations. */
function wrapQueries(strapi: Core.Strapi, transfer: { isUnderWay(): boolean }, change: (uid: string, row: Record<string, unknown>) => Promise<Record<string, unknown>>): void {
  const database = strapi.db as unknown as { queryBuilder(uid: string, ...rest: unknown[]): QueryBuilder };
  const queryBuilder = database.queryBuilder.bind(database);
  database.queryBuilder = (uid, ...rest) => {
    const builder = queryBuilder(uid, ...rest);
    if (!transfer.isUnderWay() || (uid !== 'plugin::upload.file' && uid !== 'strapi::core-store')) return builder;
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

function answerFetches(strapi: Core.Strapi, urls: ExportUrls, files: () => Promise<WholeFiles | undefined>): void {
  const original = strapi.fetch;
  // Strapi asks for each file twice: for its size, and for its bytes
  const kept = new Map<ObjectKey, WholeFile>();
  const answer = async (name: ObjectKey): Promise<Response> => {
    const known = kept.get(name);
    kept.delete(name);
    const source = known ? undefined : await files();
    const file = known ?? (source && (await find(source, name)));
    // Strapi leaves such a file out, and warns, as it does for a local file that is not there
    if (!file) throw Object.assign(new Error(`"${name}" is listed in the media library, and its bytes are nowhere`), { code: 'ENOENT' });
    if (!known) keep(name, file);
    const headers = { 'content-length': String(file.size), ...(file.mime ? { 'content-type': file.mime } : {}) };
    return new Response(lazily(file) as ConstructorParameters<typeof Response>[0], { headers });
  };
  const keep = (name: ObjectKey, file: WholeFile) => {
    kept.set(name, file);
    for (const oldest of kept.keys()) if (kept.size > KEPT_FILES) kept.delete(oldest);
  };
  const wrapped = new Proxy(original, {
    apply: (target, self, args: Parameters<Fetch>) => {
      const name = urls.keyAt(args[0]);
      return name === undefined ? Reflect.apply(target, self, args) : answer(name);
    },
  });
  Object.defineProperty(strapi, 'fetch', { value: wrapped, configurable: true, writable: true });
}

/** @throws an Error that says for people which file an export would lack, and why */
async function find(files: WholeFiles, key: ObjectKey): Promise<WholeFile | undefined> {
  try {
    return await files.find(key);
  } catch (error) {
    if (!isStorageError(error)) throw error;
    throw new Error(`S3 Storage: the file "${key}" cannot be read now (${error.message}), so the export ends here and is not complete. ${error.hint} Then export again.`, { cause: error });
  }
}

/** Returns the bytes as a stream that opens nothing before somebody reads it. */
function lazily(file: WholeFile): ReadableStream<Uint8Array> {
  let pieces: AsyncGenerator<Buffer, void> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        pieces ??= file.read();
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => void (await pieces?.return()),
    },
    { highWaterMark: 0 },
  );
}

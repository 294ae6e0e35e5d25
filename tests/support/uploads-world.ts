import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Core } from '@strapi/strapi';
import { PLAIN_DELIVERY, type DeliverySettings } from '../../server/src/core/media/delivery-settings';
import type { MediaReader } from '../../server/src/core/media/media-reader';
import type { UploadsOptions } from '../../server/src/http/uploads-middleware';
import { takePublicRoute, takeUploadsRoute } from '../../server/src/http/uploads-route';
import { staticOptions } from '../../server/src/http/uploads-static';
import { ROOT } from './build';

type Register = (context: { strapi: Core.Strapi }) => unknown;
type Server = Core.Strapi['server'];

/** Loads one of Strapi's own files, which its packages do not export. */
const own = (file: string): unknown => jest.requireActual(path.join(ROOT, 'node_modules/@strapi', file));
const { createServer } = own('core/dist/services/server/index.js') as { createServer: (strapi: unknown) => Server };
const registerErrors = (own('core/dist/middlewares/errors.js') as { errors: () => Parameters<Server['use']>[0] }).errors;
const registerPublic = (own('core/dist/middlewares/public.js') as { publicStatic: (config: object, context: { strapi: Core.Strapi }) => void }).publicStatic;
const registerUploads = own('upload/dist/server/middlewares/upload.js') as Register;
const { compression } = own('core/dist/middlewares/compression.js') as { compression: (config: object) => Parameters<Server['use']>[0] };

export interface UploadsWorldOptions {
  /** `upload.providerOptions.localServer`. */
  localServer?: Record<string, unknown>;
  /** The reader with which the plugin serves. Without it the plugin is not there at all. */
  reader?: UploadsOptions['reader'];
  /** Settings that differ from the defaults. */
  delivery?: Partial<DeliverySettings>;
  linkOrigin?: UploadsOptions['linkOrigin'];
  stalledMs?: number;
  originalName?: UploadsOptions['originalName'];
  /** Hooks in which others register, in Strapi's order. */
  beforeUpload?: (server: Server) => void;
  beforePlugin?: (server: Server) => void;
  inRegister?: (server: Server) => void;
  inMiddlewares?: (server: Server) => void;
  inBootstrap?: (server: Server) => void;
  compressed?: boolean;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
}

/** Strapi's own server, its `/uploads` route and its `strapi::public`, without the rest of Strapi. */
export async function uploadsWorld(uploads: string, options: UploadsWorldOptions = {}) {
  const publicFolder = await mkdtemp(path.join(tmpdir(), 'uploads-world-'));
  await mkdir(uploads, { recursive: true });
  await symlink(uploads, path.join(publicFolder, 'uploads'));
  const failures: unknown[] = [];
  const settings: Record<string, unknown> = { 'plugin::upload.providerOptions.localServer': options.localServer, 'server.app.keys': ['key'] };
  const strapi = {
    config: { get: (name: string, otherwise?: unknown) => settings[name] ?? otherwise },
    dirs: { static: { public: publicFolder } },
    get: () => ({ authenticate: (_ctx: unknown, next: () => unknown) => next(), verify: () => undefined, resolve: () => [] }),
    log: { error: (error: unknown) => failures.push(error) },
  } as unknown as Core.Strapi;
  const server = createServer(strapi);
  Object.assign(strapi, { server });
  server.app.silent = true;
  // Strapi's error middleware and its server log to it
  Object.assign(globalThis, { strapi });

  options.beforeUpload?.(server);
  registerUploads({ strapi });
  options.beforePlugin?.(server);
  const plugin: UploadsOptions | undefined = options.reader && {
    publicFolder,
    statics: staticOptions(options.localServer),
    reader: options.reader,
    delivery: () => ({ ...PLAIN_DELIVERY, ...options.delivery }),
    linkOrigin: options.linkOrigin,
    stalledMs: options.stalledMs,
    originalName: options.originalName,
    onFailure: (error) => void failures.push(error),
  };
  if (plugin) takeUploadsRoute(strapi, plugin);
  options.inRegister?.(server);
  server.use(registerErrors());
  if (options.compressed) server.use(compression({}));
  options.inMiddlewares?.(server);
  registerPublic({}, { strapi });
  if (plugin) takePublicRoute(strapi, plugin);
  options.inBootstrap?.(server);
  server.mount();
  server.httpServer.listen(0, '127.0.0.1');
  await once(server.httpServer, 'listening');
  const { port } = server.httpServer.address() as AddressInfo;

  return {
    failures,
    port,
    publicFolder,
    /** Sends the path as it is: no client puts it in order. A header with several values goes out as several lines. */
    ask: (url: string, headers: Record<string, string | string[]> = {}, method = 'GET') =>
      new Promise<Answer>((resolve, reject) => {
        const outgoing = httpRequest({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes: Buffer.concat(chunks) }));
          incoming.on('error', reject);
        });
        outgoing.on('error', reject);
        outgoing.end();
      }),
    async close() {
      await server.destroy();
      await rm(publicFolder, { recursive: true, force: true });
    },
  };
}

export type UploadsWorld = Awaited<ReturnType<typeof uploadsWorld>>;

/** A reader that has only `open`, because nobody asks for more. */
export const readerOf = (open: MediaReader['open']): UploadsOptions['reader'] => async () => ({ open }) as unknown as MediaReader;

import type { Core } from '@strapi/strapi';
import { publicMarks } from './adapters/public-site';
import { providerIsLocal } from './engine';
import { hostOf } from './engine-host';
import { markMiddleware } from './http/mark-middleware';
import { registerPermissions } from './http/permissions';
import { uploadsMiddleware } from './http/uploads-middleware';

export async function bootstrap({ strapi }: { strapi: Core.Strapi }): Promise<void> {
  await registerPermissions(strapi);
  const host = hostOf(strapi);
  if (providerIsLocal(strapi)) {
    strapi.server.use(markMiddleware(publicMarks(strapi)));
    // here, not in register(): after Strapi's own middlewares (headers, errors, log), before its static route
    strapi.server.use(uploadsMiddleware(async () => (await host.active())?.reader, { cacheControl: cacheControlOf(strapi) }));
  }
  // reported where it fails; Strapi boots in any case
  await host.start().catch(() => undefined);
  // commands (export, import, …) load Strapi too, and never listen
  strapi.server.httpServer.once('listening', () => void host.serve());
}

/** The same Cache-Control as Strapi's static route has. */
function cacheControlOf(strapi: Core.Strapi): string {
  const { maxage = 0, immutable = false } = strapi.config.get<{ maxage?: number; immutable?: boolean }>(
    'plugin::upload.providerOptions.localServer',
    {},
  );
  return `max-age=${Math.floor(maxage / 1000)}${immutable ? ',immutable' : ''}`;
}

import type { Core } from '@strapi/strapi';
import { publicMarks } from '../adapters/strapi/public-site';
import { providerIsLocal } from '../engine/engine';
import { formerUploadsOf } from './former-uploads';
import { hostOf } from './host';
import { markMiddleware } from '../http/mark-middleware';
import { registerPermissions } from '../http/permissions';
import { takePublicRoute } from '../http/uploads-route';
import { uploadsOptions } from './uploads-options';

export async function bootstrap({ strapi }: { strapi: Core.Strapi }): Promise<void> {
  await registerPermissions(strapi);
  const host = hostOf(strapi);
  if (providerIsLocal(strapi)) {
    strapi.server.use(markMiddleware(publicMarks(strapi)));
    takePublicRoute(strapi, uploadsOptions(strapi));
  }
  // the start reports its own failure; Strapi boots in any case
  await host.start().catch(() => undefined);
  // commands (export, import, …) load Strapi too, but never listen
  strapi.server.httpServer.once('listening', () => {
    formerUploadsOf(strapi).warnOfLeft();
    void host.serve();
  });
}

import type { Core } from '@strapi/strapi';

import { action } from '../respond';

export function objectsController({ strapi }: { strapi: Core.Strapi }) {
  return {
    list: action(strapi, (engine, ctx) => engine.objects(ctx.query)),
    retry: action(strapi, (engine, ctx) => engine.changes.retry(ctx.request.body)),
    untrash: action(strapi, (engine, ctx) => engine.changes.untrash(ctx.request.body)),
  };
}

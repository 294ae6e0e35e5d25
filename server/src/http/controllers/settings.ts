import type { Core } from '@strapi/strapi';

import { action } from '../respond';

export function settingsController({ strapi }: { strapi: Core.Strapi }) {
  return {
    get: action(strapi, (engine) => engine.settings.answer()),
    update: action(strapi, (engine, ctx) => engine.settings.update(ctx.request.body)),
    leave: action(strapi, (engine) => engine.settings.leave()),
    comeBack: action(strapi, (engine) => engine.settings.comeBack()),
    test: action(strapi, (engine, ctx) => engine.settings.test(ctx.request.body)),
  };
}

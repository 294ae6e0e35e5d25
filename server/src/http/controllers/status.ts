import type { Core } from '@strapi/strapi';

import { action } from '../respond';

export function statusController({ strapi }: { strapi: Core.Strapi }) {
  return { get: action(strapi, (engine) => engine.status()) };
}

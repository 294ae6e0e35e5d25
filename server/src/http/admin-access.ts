import type { Core } from '@strapi/strapi';

import type { AdminApi } from '../core/admin/admin-api';
import type { Logger } from '../core/log';

/** The engine as the admin routes see it. */
export interface AdminAccess {
  readonly admin: AdminApi;
  readonly log: Logger;
}

/** By instance: tests run several Strapis in one process, and a reload makes another one. */
const engines = new WeakMap<object, AdminAccess>();

/** Gives the admin routes of this Strapi their engine; undefined takes it away. */
export function provideAdmin(strapi: Core.Strapi, engine: AdminAccess | undefined): void {
  if (engine) engines.set(strapi, engine);
  else engines.delete(strapi);
}

/** Undefined before the engine started, and after it failed to. */
export function adminOf(strapi: Core.Strapi): AdminAccess | undefined {
  return engines.get(strapi);
}

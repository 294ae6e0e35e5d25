import type { Core } from '@strapi/strapi';

import type { AdminApi } from '../core/admin/admin-api';
import type { Logger } from '../core/log';

/** The engine as the admin routes see it. */
export interface AdminAccess {
  readonly admin: AdminApi;
  readonly log: Logger;
}

/** One engine for each instance of Strapi: tests run several Strapis in one process, and a reload makes a new one. */
const engines = new WeakMap<object, AdminAccess>();

/** Gives the admin routes of this Strapi their engine; undefined removes it. */
export function provideAdmin(strapi: Core.Strapi, engine: AdminAccess | undefined): void {
  if (engine) engines.set(strapi, engine);
  else engines.delete(strapi);
}

/** Returns the engine; undefined before it has started, and after its start has failed. */
export function adminOf(strapi: Core.Strapi): AdminAccess | undefined {
  return engines.get(strapi);
}

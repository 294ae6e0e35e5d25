import type { Core } from '@strapi/strapi';
import type { Context } from 'koa';

import { PLUGIN_ID } from '../contracts/presets';
import { adminRoutes, type AdminRoute } from './admin-routes';
import { permission } from './permissions';
import { action } from './respond';

type Action = (ctx: Context) => Promise<void>;

function policiesOf({ permissions, policy }: AdminRoute): unknown[] {
  const guard = { name: `plugin::${PLUGIN_ID}.has-any-permission`, config: { actions: permissions.map(permission) } };
  return ['admin::isAuthenticatedAdmin', guard, ...(policy ? [`plugin::${PLUGIN_ID}.${policy}`] : [])];
}

/** The table of {@link adminRoutes} in the form of Strapi's routes. Strapi asks for an administrator's token before each. */
export const routes = {
  admin: {
    type: 'admin',
    routes: adminRoutes.map((route) => ({ method: route.method, path: route.path, handler: route.handler, config: { policies: policiesOf(route) } })),
  },
};

/** The actions of one controller. */
function controllerOf(name: string): (context: { strapi: Core.Strapi }) => Record<string, Action> {
  const own = adminRoutes.filter(({ handler }) => handler.startsWith(`${name}.`));
  return ({ strapi }) => Object.fromEntries(own.map(({ handler, work, status }) => [handler.slice(name.length + 1), action(strapi, work, status)]));
}

/** The handlers of the table in the form of Strapi's controllers. */
export const controllers = Object.fromEntries([...new Set(adminRoutes.map(({ handler }) => handler.split('.')[0] as string))].map((name) => [name, controllerOf(name)]));

import { permission, type PermissionUid } from './permissions';

export interface AdminRoute {
  method: 'GET' | 'PUT' | 'POST';
  path: string;
  handler: string;
  config: { policies: unknown[] };
}

function route(method: AdminRoute['method'], path: string, handler: string, uid: PermissionUid): AdminRoute {
  const guard = { name: 'admin::hasPermissions', config: { actions: [permission(uid)] } };
  return { method, path, handler, config: { policies: ['admin::isAuthenticatedAdmin', guard] } };
}

/** Strapi puts `/s3-storage` before each path, and asks for an administrator's token. */
export const routes = {
  admin: {
    type: 'admin',
    routes: [
      route('GET', '/settings', 'settings.get', 'settings.read'),
      route('PUT', '/settings', 'settings.update', 'settings.update'),
      // sends requests with the stored credentials and writes an object: more than reading
      route('POST', '/settings/test', 'settings.test', 'settings.update'),
      route('GET', '/status', 'status.get', 'settings.read'),
      route('GET', '/objects', 'objects.list', 'settings.read'),
    ],
  },
};

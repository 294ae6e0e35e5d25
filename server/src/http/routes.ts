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
      route('POST', '/settings/leave', 'settings.leave', 'settings.update'),
      route('POST', '/settings/return', 'settings.comeBack', 'settings.update'),
      route('GET', '/status', 'status.get', 'settings.read'),
      route('GET', '/objects', 'objects.list', 'settings.read'),
      route('POST', '/objects/retry', 'objects.retry', 'jobs.run'),
      route('POST', '/objects/untrash', 'objects.untrash', 'jobs.run'),
      route('GET', '/jobs', 'jobs.list', 'jobs.read'),
      route('POST', '/jobs/:name/start', 'jobs.start', 'jobs.run'),
      route('POST', '/jobs/:name/stop', 'jobs.stop', 'jobs.run'),
      route('PUT', '/jobs/:name/schedule', 'jobs.schedule', 'jobs.run'),
      route('GET', '/jobs/:name/report', 'jobs.report', 'jobs.read'),
    ],
  },
};

import { PLUGIN_ID } from '../contracts/presets';
import { permission, type PermissionUid } from './permissions';
import type { policies } from './policies';

export interface AdminRoute {
  method: 'GET' | 'PUT' | 'POST';
  path: string;
  handler: string;
  config: { policies: unknown[] };
}

/** @param uids one of them is enough */
function route(method: AdminRoute['method'], path: string, handler: string, ...uids: [PermissionUid, ...PermissionUid[]]): AdminRoute {
  const guard = { name: `plugin::${PLUGIN_ID}.has-any-permission`, config: { actions: uids.map(permission) } };
  return { method, path, handler, config: { policies: ['admin::isAuthenticatedAdmin', guard] } };
}

function withPolicy(admin: AdminRoute, name: keyof typeof policies): AdminRoute {
  return { ...admin, config: { policies: [...admin.config.policies, `plugin::${PLUGIN_ID}.${name}`] } };
}

/** Strapi puts `/s3-storage` before each path, and asks for an administrator's token. */
export const routes = {
  admin: {
    type: 'admin',
    routes: [
      route('GET', '/settings', 'settings.get', 'settings.read'),
      withPolicy(route('PUT', '/settings', 'settings.update', 'settings.update'), 'schedules-for-job-runners'),
      // sends requests with the stored credentials and writes an object: more than reading
      route('POST', '/settings/test', 'settings.test', 'settings.update'),
      // says how many files a change would lose sight of; asks S3 for some of them
      route('POST', '/settings/preview', 'settings.preview', 'settings.update'),
      withPolicy(route('POST', '/settings/leave', 'settings.leave', 'settings.update'), 'for-job-runners'),
      withPolicy(route('POST', '/settings/return', 'settings.comeBack', 'settings.update'), 'for-job-runners'),
      // no settings in either: what the jobs' own answers and reports tell as well
      route('GET', '/status', 'status.get', 'settings.read', 'jobs.read'),
      route('GET', '/objects', 'objects.list', 'settings.read', 'jobs.read'),
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

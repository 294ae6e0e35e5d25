import type { Core } from '@strapi/strapi';

import { PLUGIN_ID } from '../contracts/presets';

/** The `uid` of each action, as the routes and the panel name it: `plugin::s3-storage.<uid>`. */
export type PermissionUid = 'settings.read' | 'settings.update' | 'jobs.read' | 'jobs.run';

/** The part of Strapi's permission service with which plugins register their actions. Strapi's types lack it. */
interface PermissionService {
  actionProvider: { registerMany(actions: readonly Record<string, string>[]): Promise<void> };
}

const ACTIONS: readonly { uid: PermissionUid; displayName: string }[] = [
  { uid: 'settings.read', displayName: 'Read the settings and the status' },
  { uid: 'settings.update', displayName: 'Change and test the settings' },
  { uid: 'jobs.read', displayName: 'See the status, the jobs on the whole library and their reports' },
  { uid: 'jobs.run', displayName: 'Start, stop and schedule jobs, retry and untrash files' },
];

export function permission(uid: PermissionUid): string {
  return `plugin::${PLUGIN_ID}.${uid}`;
}

/** Registers the actions; called in `bootstrap()`. Super administrators have them at once, all others when somebody grants them. */
export async function registerPermissions(strapi: Core.Strapi): Promise<void> {
  const { actionProvider } = strapi.service('admin::permission') as unknown as PermissionService;
  await actionProvider.registerMany(
    ACTIONS.map((entry) => ({ ...entry, section: 'settings', category: PLUGIN_ID, subCategory: 'settings', pluginName: PLUGIN_ID })),
  );
}

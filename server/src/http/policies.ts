import { errors } from '@strapi/utils';

import { settingsWith } from '../contracts/settings';
import { permission } from './permissions';

/** The context that Strapi gives to a policy of an admin route. Strapi's types lack the ability. */
export interface AdminContext {
  state: { userAbility: { can(action: string): boolean } };
  request: { body?: unknown };
}

/** Settings that start or stop the jobs on the library: `leaving`, for example, ends both phases and their schedules. */
const JOB_SETTINGS: readonly string[] = settingsWith({ switchesJobs: true });

/** Throws, because Strapi's own refusal would not say which permission is missing. */
function requireJobsRun({ state: { userAbility } }: AdminContext, policy: string): true {
  const action = permission('jobs.run');
  if (userAbility.can(action)) return true;
  throw new errors.PolicyError(`This request starts or stops jobs, so it also needs the permission ${action}.`, { policy, permission: action });
}

/** The policies, by the name that follows `plugin::s3-storage.` */
export const policies = {
  /** Allows everybody who has at least one of the actions. Strapi's own `admin::hasPermissions` requires all of them. */
  'has-any-permission': ({ state: { userAbility } }: AdminContext, { actions }: { actions: readonly string[] }): boolean =>
    actions.some((action) => userAbility.can(action)),
  /** Protects routes that stop jobs, whatever the body says. */
  'for-job-runners': (context: AdminContext): true => requireJobsRun(context, 'for-job-runners'),
  /**
   * Protects the settings that switch jobs: the permission to change settings is not enough for these, they need the permission to run
   * jobs.
   */
  'schedules-for-job-runners': (context: AdminContext): true => {
    const { body } = context.request;
    const touched = typeof body === 'object' && body !== null && JOB_SETTINGS.some((name) => name in body);
    return !touched || requireJobsRun(context, 'schedules-for-job-runners');
  },
};

import { errors } from '@strapi/utils';

import { settingsWith } from '../contracts/settings';
import { permission } from './permissions';

/** What Strapi hands a policy of an admin route; its types know nothing of the ability. */
export interface AdminContext {
  state: { userAbility: { can(action: string): boolean } };
  request: { body?: unknown };
}

/** Settings that start or stop the jobs on the library: `leaving` ends both phases and their schedules. */
const JOB_SETTINGS: readonly string[] = settingsWith({ switchesJobs: true });

/** Thrown, as Strapi's own refusal would not say which permission is missing. */
function requireJobsRun({ state: { userAbility } }: AdminContext, policy: string): true {
  const action = permission('jobs.run');
  if (userAbility.can(action)) return true;
  throw new errors.PolicyError(`This starts or stops jobs: it needs the permission ${action} too.`, { policy, permission: action });
}

/** By the name that follows `plugin::s3-storage.` */
export const policies = {
  /** Lets through whoever has one of the actions; Strapi's own `admin::hasPermissions` asks for all of them. */
  'has-any-permission': ({ state: { userAbility } }: AdminContext, { actions }: { actions: readonly string[] }): boolean =>
    actions.some((action) => userAbility.can(action)),
  /** For routes that stop jobs, whatever the body says. */
  'for-job-runners': (context: AdminContext): true => requireJobsRun(context, 'for-job-runners'),
  /** Whoever may change settings does not switch jobs on or off by that: such settings are for who may run jobs. */
  'schedules-for-job-runners': (context: AdminContext): true => {
    const { body } = context.request;
    const touched = typeof body === 'object' && body !== null && JOB_SETTINGS.some((name) => name in body);
    return !touched || requireJobsRun(context, 'schedules-for-job-runners');
  },
};

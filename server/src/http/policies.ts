import { SCHEDULED_JOBS } from '../contracts/jobs';
import { permission } from './permissions';

/** What Strapi hands a policy of an admin route; its types know nothing of the ability. */
export interface AdminContext {
  state: { userAbility: { can(action: string): boolean } };
  request: { body?: unknown };
}

/** Settings that `PUT /jobs/:name/schedule` changes, too. */
const SCHEDULES: readonly string[] = SCHEDULED_JOBS.flatMap((name) => [`${name}Schedule`, `${name}ScheduleEnabled`]);

/** By the name that follows `plugin::s3-storage.` */
export const policies = {
  /** Lets through whoever has one of the actions; Strapi's own `admin::hasPermissions` asks for all of them. */
  'has-any-permission': ({ state: { userAbility } }: AdminContext, { actions }: { actions: readonly string[] }): boolean =>
    actions.some((action) => userAbility.can(action)),
  /** Whoever may change settings does not switch jobs on by that: schedules among them are for who may run jobs. */
  'schedules-for-job-runners': ({ state: { userAbility }, request: { body } }: AdminContext): boolean => {
    const touched = typeof body === 'object' && body !== null && SCHEDULES.some((name) => name in body);
    return !touched || userAbility.can(permission('jobs.run'));
  },
};

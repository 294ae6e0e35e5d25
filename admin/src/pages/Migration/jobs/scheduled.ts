import { SCHEDULED_JOBS } from '../../../../../server/src/contracts/jobs';
import type { JobName, ScheduledJob } from '../../../../../server/src/contracts/jobs';

export const isScheduled = (name: JobName): name is ScheduledJob => SCHEDULED_JOBS.some((one) => one === name);

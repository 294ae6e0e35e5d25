import { auditJob } from './audit/job';
import type { AuditParts } from './audit/deps';
import { cleanupJob } from './cleanup/job';
import type { Job } from '../runner/job';
import type { JobDeps } from './deps';
import { relocateJob } from './relocate/job';
import type { Outside } from './relocate/outside';
import { restoreJob } from './restore/job';
import { uploadJob } from './upload/job';

export type LibraryJobsDeps = JobDeps & AuditParts;

/** The jobs on the whole library, in the order in which people usually run them. */
export function libraryJobs(deps: LibraryJobsDeps, outside: Outside): Job[] {
  return [uploadJob(deps), cleanupJob(deps), restoreJob(deps), relocateJob(deps, outside), auditJob(deps)];
}

import { Badge, Flex, Typography } from '@strapi/design-system';

import type { JobAnswer } from '../../../../../server/src/contracts/jobs';
import { Notice } from '../../../components/Notice';
import { Section } from '../../../components/Section';
import { useErrorTexts, useTranslate } from '../../../hooks/useTranslate';
import { activityOf, freshDryRun } from '../../../utils/jobs';
import type { ShownJob } from '../../../utils/jobs';
import { TINTS } from '../../../utils/tints';
import { DryRunResult } from './DryRunResult';
import { JobActions } from './JobActions';
import { JobProgress } from './JobProgress';
import { LastRun } from './LastRun';
import { MaxIdField } from './MaxIdField';
import { Schedule } from './Schedule';
import { StartDialog } from './StartDialog';
import { isScheduled } from './scheduled';
import { useBadge } from './useBadge';
import { useStart } from './useStart';

interface Props {
  job: JobAnswer & { name: ShownJob };
  /** Undefined: this role may not see the settings. */
  maxId: number | null | undefined;
}

export function JobCard({ job, maxId }: Props) {
  const t = useTranslate();
  const errorTexts = useErrorTexts();
  const start = useStart(job);
  const activity = activityOf(job);
  const badge = useBadge(job, activity);
  const blocked = activity === 'blocked' && job.blockedBy ? errorTexts(job.blockedBy.code, job.blockedBy) : null;
  const warning = job.warning && errorTexts(job.warning.code, job.warning);
  const dryRun = freshDryRun(job);
  return (
    <Section
      title={t(`job.${job.name}.title`)}
      subtitle={t(`job.${job.name}.body`)}
      aside={<Badge {...TINTS[badge.tint]}>{badge.text}</Badge>}
    >
      <JobProgress job={job} activity={activity} />
      {[blocked, warning].map(
        (notice) =>
          notice && (
            <Notice key={notice.message} title={notice.message}>
              <Typography textColor={TINTS.warning.textColor} tag="p">
                {notice.hint}
              </Typography>
            </Notice>
          ),
      )}
      <JobActions job={job} activity={activity} start={start} />
      {isScheduled(job.name) && <Schedule job={{ ...job, name: job.name }} start={start} />}
      {job.name === 'upload' && maxId !== undefined && <MaxIdField maxId={maxId} />}
      <Flex direction="column" alignItems="stretch" gap={2}>
        {dryRun && <DryRunResult job={job.name} run={dryRun} />}
        {job.lastRun?.status !== 'running' && <LastRun run={job.lastRun} />}
      </Flex>
      <StartDialog job={job} start={start} />
    </Section>
  );
}

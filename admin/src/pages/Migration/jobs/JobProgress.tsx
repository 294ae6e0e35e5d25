import { Box, Flex } from '@strapi/design-system';

import type { JobAnswer } from '../../../../../server/src/contracts/jobs';
import { Meter } from '../../../components/Meter';
import { Numbers } from '../../../components/Numbers';
import { useSize } from '../../../hooks/useFormats';
import { useTranslate } from '../../../hooks/useTranslate';
import { minutesOf } from '../../../utils/format';
import { hasProgress, isGood, percentOf } from '../../../utils/jobs';
import type { Activity, ShownJob } from '../../../utils/jobs';

interface Props {
  job: JobAnswer & { name: ShownJob };
  activity: Activity;
}

/** How far it is, and while it runs how fast and how long still; the lines keep their place in between. */
export function JobProgress({ job, activity }: Props) {
  const t = useTranslate();
  const sizeOf = useSize();
  const trying = activity === 'trying' && job.lastDryRun !== null;
  const progress = trying ? { ...job.progress, ...job.lastDryRun } : job.progress;
  const { done, total, failed, bytesDone, bytesTotal, perSecond, bytesPerSecond, etaSeconds } = progress;
  const percent = percentOf(progress);
  const numbers = { done, total, size: sizeOf(bytesDone), whole: sizeOf(bytesTotal) };
  const pace = perSecond !== null && bytesPerSecond !== null && t('progress.rate', { rate: Math.round(perSecond * 10) / 10, size: sizeOf(bytesPerSecond) });
  const left = etaSeconds !== null && t('progress.left', minutesOf(etaSeconds));
  if (!hasProgress(job)) return null;
  return (
    <Flex direction="column" alignItems="stretch" gap={1}>
      <Meter percent={percent} isGood={isGood(job)} label={t('progress.label', { job: t(`job.${job.name}.title`) })} />
      <Flex justifyContent="space-between" gap={3} wrap="wrap">
        <Numbers strong>{t('progress.done', numbers)}</Numbers>
        <Numbers strong>{t('progress.percent', { percent })}</Numbers>
      </Flex>
      {(activity === 'running' || trying) && (
        <>
          <Box minHeight="2rem">
            <Numbers>{pace}</Numbers>
          </Box>
          <Box minHeight="2rem">
            <Numbers>{left}</Numbers>
          </Box>
        </>
      )}
      {failed > 0 && <Numbers>{t('progress.failed', { count: failed })}</Numbers>}
    </Flex>
  );
}

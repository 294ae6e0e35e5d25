import { Button, Flex } from '@strapi/design-system';
import { Eye, Play, Stop } from '@strapi/icons';

import type { JobAnswer } from '../../../../../server/src/contracts/jobs';
import { useTranslate } from '../../../hooks/useTranslate';
import { isActive } from '../../../utils/jobs';
import type { Activity, ShownJob } from '../../../utils/jobs';
import { useRights } from '../context';
import type { Start } from './useStart';

interface Props {
  job: JobAnswer & { name: ShownJob };
  activity: Activity;
  start: Start;
}

/** Every button says which job it is about, to those who hear it without its card. */
export function JobActions({ job, activity, start }: Props) {
  const t = useTranslate();
  const { mayRun } = useRights();
  if (!mayRun) return null;
  const title = t(`job.${job.name}.title`);
  const named = (action: string) => t('action.of', { action, what: title });
  if (isActive(job)) {
    return (
      <Flex>
        <Button size="S" variant="danger-light" startIcon={<Stop />} disabled={start.busy} aria-label={named(t('action.stop'))} onClick={start.stop}>
          {t('action.stop')}
        </Button>
      </Flex>
    );
  }
  return (
    <Flex gap={2} wrap="wrap">
      <Button
        size="S"
        startIcon={<Play />}
        disabled={start.busy || activity === 'blocked'}
        aria-label={named(t('action.run'))}
        onClick={() => start.ask('run')}
      >
        {t('action.run')}
      </Button>
      {/* an audit only reports until its plan is applied */}
      {job.name !== 'audit' && (
        <Button
          size="S"
          variant="tertiary"
          startIcon={<Eye />}
          disabled={start.busy}
          aria-label={named(t('action.dry-run'))}
          onClick={start.dryRun}
        >
          {t('action.dry-run')}
        </Button>
      )}
    </Flex>
  );
}

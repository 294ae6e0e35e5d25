import { useId, useState } from 'react';

import { Field, Flex, SingleSelect, SingleSelectOption, Switch, Typography } from '@strapi/design-system';

import { DEFAULT_SCHEDULE } from '../../../../../server/src/contracts/cron';
import type { JobAnswer, ScheduledJob, ScheduleRequest } from '../../../../../server/src/contracts/jobs';
import { Numbers } from '../../../components/Numbers';
import { useAct } from '../../../hooks/useAct';
import { useApi } from '../../../hooks/useApi';
import { useMoment } from '../../../hooks/useFormats';
import { useTranslate } from '../../../hooks/useTranslate';
import { CHOICES, choiceOf, isChoice, SCHEDULES } from '../../../utils/schedule';
import { useRights } from '../context';
import { DraftField } from './DraftField';
import { useDraft } from './useDraft';
import type { Start } from './useStart';

/** Whether and when it runs by itself; each change counts at once. */
export function Schedule({ job, start }: { job: JobAnswer & { name: ScheduledJob }; start: Start }) {
  const t = useTranslate();
  const api = useApi();
  const momentOf = useMoment();
  const { mayRun, refresh } = useRights();
  const { act, busy } = useAct(refresh);
  const { enabled, expression, nextRunAt } = job.schedule;
  const stored = expression ?? DEFAULT_SCHEDULE;
  const draft = useDraft(stored);
  const [own, setOwn] = useState(false);
  const id = useId();

  const change = async (wanted: ScheduleRequest) => {
    const failure = await act(() => api.schedule(job.name, wanted));
    if (!failure) draft.forget();
    else draft.setError(failure.fields.find(({ path }) => path === 'expression')?.message);
  };
  const choose = (choice: string) => {
    if (!isChoice(choice)) return;
    setOwn(choice === 'own');
    if (choice !== 'own') void change({ expression: SCHEDULES[choice] });
  };
  const choice = own ? 'own' : choiceOf(stored);
  const disabled = !mayRun || busy || start.busy;
  return (
    <Flex direction="column" alignItems="stretch" gap={3}>
      <Flex gap={3} wrap="wrap">
        <Switch
          aria-labelledby={id}
          checked={enabled}
          disabled={disabled}
          onCheckedChange={(on: boolean) => (on ? start.ask('schedule') : void change({ enabled: false }))}
        />
        <Typography id={id} fontWeight="semiBold" tag="span">
          {t('schedule.label')}
        </Typography>
        <Numbers>{enabled && nextRunAt ? t('schedule.next', { when: momentOf(nextRunAt) }) : t(enabled ? 'schedule.on' : 'schedule.off')}</Numbers>
      </Flex>
      <Field.Root id={`s3-storage-${job.name}-schedule`} name={`${job.name}-schedule`}>
        <Field.Label>{t('schedule.choice')}</Field.Label>
        <SingleSelect value={choice} disabled={disabled} onChange={(chosen) => choose(String(chosen))}>
          {CHOICES.map((one) => (
            <SingleSelectOption key={one} value={one}>
              {t(`schedule.${one}`)}
            </SingleSelectOption>
          ))}
        </SingleSelect>
      </Field.Root>
      {choice === 'own' && (
        <DraftField
          name={`${job.name}-expression`}
          label={t('schedule.expression')}
          hint={t('schedule.expression.hint')}
          draft={draft}
          disabled={disabled}
          onSave={() => void change({ expression: draft.value.trim() })}
        />
      )}
    </Flex>
  );
}

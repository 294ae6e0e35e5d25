import { useState } from 'react';

import type { JobAnswer, StartRequest } from '../../../../../server/src/contracts/jobs';
import { useAct } from '../../../hooks/useAct';
import { useApi } from '../../../hooks/useApi';
import { needsTrial } from '../../../utils/jobs';
import { useRights } from '../context';
import { isScheduled } from './scheduled';

/** `run`: now; `schedule`: by itself from now on. Both are a start, and asked for in the same words. */
export type Aim = 'run' | 'schedule';
export type Question = { kind: 'trial' } | { kind: 'confirm'; aim: Aim };

/** These take something away or fill a disk or a bucket: nobody shall start them by a slip. */
const CONFIRMED: readonly JobAnswer['name'][] = ['cleanup', 'restore', 'relocate'];

/** Everything that starts or stops a job, with the questions that come first. */
export function useStart(job: JobAnswer) {
  const api = useApi();
  const { refresh } = useRights();
  const { act, busy } = useAct(refresh);
  const [question, setQuestion] = useState<Question | null>(null);

  const launch = (options: StartRequest) => act(() => api.startJob(job.name, options));
  const carryOut = async (aim: Aim) => {
    const { name } = job;
    if (aim === 'run') await launch({});
    else if (isScheduled(name)) await act(() => api.schedule(name, { enabled: true }));
  };

  return {
    busy,
    question,
    ask(aim: Aim) {
      if (needsTrial(job)) setQuestion({ kind: 'trial' });
      else if (CONFIRMED.includes(job.name)) setQuestion({ kind: 'confirm', aim });
      else void carryOut(aim);
    },
    dryRun: () => void launch({ dryRun: true }),
    stop: () => void act(() => api.stopJob(job.name)),
    cancel: () => setQuestion(null),
    confirm() {
      setQuestion(null);
      if (question?.kind === 'confirm') void carryOut(question.aim);
      else void launch({ dryRun: true });
    },
  };
}

export type Start = ReturnType<typeof useStart>;

import type { JobAnswer } from '../../../../../server/src/contracts/jobs';
import { useTranslate } from '../../../hooks/useTranslate';
import { verdictOf } from '../../../utils/audit';
import type { Verdict } from '../../../utils/audit';
import type { Activity, ShownJob } from '../../../utils/jobs';
import type { TINTS } from '../../../utils/tints';

type Tint = keyof typeof TINTS;

const TINT_OF = {
  running: 'primary',
  trying: 'primary',
  waiting: 'primary',
  complete: 'success',
  nothing: 'neutral',
  unseen: 'neutral',
  blocked: 'warning',
  never: 'neutral',
  idle: 'neutral',
} as const satisfies Record<Activity, Tint>;

const TINT_OF_VERDICT = { clean: 'success', problems: 'warning', lost: 'danger', partly: 'warning', unknown: 'neutral' } as const satisfies Record<Verdict, Tint>;

/** The badge beside the title of a job: its work, or its result. A job that has ended may still have failed files. */
export function useBadge(job: JobAnswer & { name: ShownJob }, activity: Activity): { tint: Tint; text: string } {
  const t = useTranslate();
  if (activity === 'complete' && job.name === 'audit' && job.lastRun) {
    const verdict = verdictOf(job.lastRun);
    const { lost = 0, findings = 0, applied = 0 } = job.lastRun.audit ?? {};
    return { tint: TINT_OF_VERDICT[verdict], text: t(`verdict.${verdict}`, { count: verdict === 'lost' ? lost : findings - applied }) };
  }
  if (activity === 'complete' && job.progress.failed > 0) {
    return { tint: 'warning', text: t('activity.complete.failed', { count: job.progress.failed }) };
  }
  return { tint: TINT_OF[activity], text: t(`activity.${activity}`) };
}

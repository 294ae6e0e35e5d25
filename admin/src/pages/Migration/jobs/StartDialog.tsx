import type { JobAnswer } from '../../../../../server/src/contracts/jobs';
import { Confirm } from '../../../components/Confirm';
import { useSize } from '../../../hooks/useFormats';
import { useTranslate } from '../../../hooks/useTranslate';
import { extentOf } from '../../../utils/jobs';
import type { ShownJob } from '../../../utils/jobs';
import type { Start } from './useStart';

/** The question that stands before a start: try it first, or is this meant. */
export function StartDialog({ job, start }: { job: JobAnswer & { name: ShownJob }; start: Start }) {
  const t = useTranslate();
  const sizeOf = useSize();
  const { question, confirm, cancel } = start;
  if (!question) return null;
  if (question.kind === 'trial') {
    return <Confirm title={t('trial.title')} body={t('trial.body')} action={t('action.dry-run')} onConfirm={confirm} onCancel={cancel} />;
  }
  const { count, bytes } = extentOf(job);
  const words = job.name === 'restore' || job.name === 'relocate' ? job.name : 'cleanup';
  return (
    <Confirm
      title={t(`confirm.${words}.title`)}
      body={t(`confirm.${words}.body`, { count, size: sizeOf(bytes) })}
      action={question.aim === 'schedule' ? t('confirm.schedule') : t(`confirm.${words}.action`)}
      danger={job.name === 'cleanup'}
      onConfirm={confirm}
      onCancel={cancel}
    />
  );
}

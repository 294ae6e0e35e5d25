import { VisuallyHidden } from '@strapi/design-system';

import { useTranslate } from '../../hooks/useTranslate';
import type { Announcement } from '../../utils/jobs';

/** Tells a screen reader that a job has started or ended. There from the start, so that it is listened to. */
export function News({ news }: { news: readonly Announcement[] }) {
  const t = useTranslate();
  const sentences = news.map((item) => {
    const job = t(`job.${item.job}.title`);
    if (item.kind === 'started') return t('news.started', { job });
    return t('news.ended', { job, how: t(`run.status.${item.status}`), count: item.done, failed: item.failed });
  });
  return (
    <VisuallyHidden role="status" aria-label={t('news.label')}>
      {sentences.join(' ')}
    </VisuallyHidden>
  );
}

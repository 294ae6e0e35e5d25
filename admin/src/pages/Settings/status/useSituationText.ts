import { useIntl } from 'react-intl';

import { useErrorTexts, useTranslate } from '../../../hooks/useTranslate';
import { formatBytes } from '../../../utils/format';
import type { Situation } from '../../../utils/situation';

/** The situation in words: one sentence, and what to know or do about it. */
export function useSituationText(situation: Situation): { title: string; lines: string[] } {
  const t = useTranslate();
  const errorTexts = useErrorTexts();
  const { formatDate, locale } = useIntl();

  const moment = (time: string) => formatDate(time, { dateStyle: 'medium', timeStyle: 'short' });

  switch (situation.kind) {
    case 'read-write':
      return { title: t('status.read-write.title'), lines: [] };
    case 'catching-up':
      return {
        title: t('status.catching-up.title'),
        lines: [t('status.waiting', { count: situation.waiting, size: formatBytes(situation.bytes, locale) })],
      };
    case 'away': {
      const since = situation.since ? moment(situation.since) : null;
      const words = situation.refuses === null ? 'gone' : situation.refuses ? 'refusing' : 'away';
      const why = situation.code ? errorTexts(situation.code) : null;
      return {
        title: since ? t(`status.${words}.title`, { since }) : t(`status.${words}.title.now`),
        lines: [
          t('status.waiting', { count: situation.waiting, size: formatBytes(situation.bytes, locale) }),
          ...(why ? [[why.message, why.hint].filter(Boolean).join(' ')] : []),
        ],
      };
    }
    case 'read-only':
    case 'off': {
      // Without a bucket this is not a fault but the start: say the way instead of what is missing.
      if (situation.reason?.code === 'NOT_CONFIGURED') {
        return { title: t('status.start.title'), lines: [t('status.start.body')] };
      }
      const away = situation.kind === 'read-only' ? situation.away : null;
      const why = situation.reason ? errorTexts(situation.reason.code, situation.reason) : null;
      return {
        title: why?.message ?? t(`status.${situation.kind}.title`),
        lines: [
          ...(why?.hint ? [why.hint] : []),
          t(`status.${situation.kind}.body`),
          ...(away ? [`${t('status.read-only.away', { since: moment(away.since) })} ${errorTexts(away.code).message}`] : []),
        ],
      };
    }
  }
}

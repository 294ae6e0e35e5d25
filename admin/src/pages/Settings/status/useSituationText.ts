import { isClaimable } from '../../../../../server/src/contracts/errors';
import { useMoment, useSize } from '../../../hooks/useFormats';
import { useErrorTexts, useTranslate } from '../../../hooks/useTranslate';
import { outageKind } from '../../../utils/situation';
import type { Rest, Situation } from '../../../utils/situation';

/** The situation in words: one sentence, and what to know or do about it. */
export function useSituationText(situation: Situation): { title: string; lines: string[] } {
  const t = useTranslate();
  const errorTexts = useErrorTexts();
  const moment = useMoment();
  const sizeOf = useSize();

  const sentences = (texts: { message: string; hint: string | null }) => [texts.message, texts.hint].filter(Boolean).join(' ');
  const files = (key: 'status.waiting' | 'status.rest.local' | 'status.unreadable', { count, bytes }: Rest['local']) =>
    count > 0 ? [t(key, { count, size: sizeOf(bytes) })] : [];
  const restLines = ({ untaken, local, nowhere }: Rest) => [
    ...(untaken === null ? [t('status.rest.unknown')] : untaken > 0 ? [t('status.rest.untaken', { count: untaken })] : []),
    ...files('status.rest.local', local),
    ...(nowhere > 0 ? [t('status.rest.nowhere', { count: nowhere })] : []),
  ];

  switch (situation.kind) {
    case 'read-write':
      return { title: t('status.read-write.title'), lines: [] };
    case 'partly':
      return { title: t('status.partly.title'), lines: situation.rest ? restLines(situation.rest) : [] };
    case 'catching-up':
      return { title: t('status.catching-up.title'), lines: [...files('status.waiting', situation.waiting), ...restLines(situation.rest)] };
    case 'unproven': {
      const { finding, refuses } = situation;
      const meanwhile = refuses === null ? [] : [t(refuses ? 'status.unproven.refusing' : 'status.unproven.local')];
      return { title: t('status.unproven.title'), lines: [sentences(errorTexts(finding.code, finding)), ...meanwhile] };
    }
    case 'away': {
      const { outage, refuses, waiting } = situation;
      const kind = outageKind(outage);
      // who may not see the settings is not told what becomes of uploads
      const meanwhile = refuses === null || !outage.writes ? [] : [t(refuses ? 'status.outage.refusing' : 'status.outage.local')];
      return {
        title: [t(`status.outage.${kind}`, { since: moment(outage.since) }), ...meanwhile].join(' '),
        lines: [
          ...files('status.unreadable', outage.unreadable),
          ...(kind === 'writes' ? [t('status.outage.readable')] : []),
          ...files('status.waiting', waiting),
          sentences(errorTexts(outage.code)),
          ...(outage.detail ? [outage.detail] : []),
        ],
      };
    }
    case 'cut-off': {
      const { files: cut, reason } = situation;
      const why = reason ? errorTexts(reason.code, reason) : null;
      return {
        title: t('status.cut-off.title', { count: cut.count, size: sizeOf(cut.bytes) }),
        lines: [t('status.cut-off.body'), ...(why ? [sentences(why)] : [])],
      };
    }
    case 'read-only':
    case 'off': {
      // Without a bucket this is not a fault but the start: say the way instead of what is missing.
      if (situation.reason?.code === 'NOT_CONFIGURED') {
        return { title: t('status.start.title'), lines: [t('status.start.body')] };
      }
      const outage = situation.kind === 'read-only' ? situation.outage : null;
      const why = situation.reason ? errorTexts(situation.reason.code, situation.reason) : null;
      return {
        title: why?.message ?? t(`status.${situation.kind}.title`),
        lines: [
          // where the bucket can be claimed, the notice below says what to do
          ...(why?.hint && !isClaimable(situation.reason?.code ?? null) ? [why.hint] : []),
          t(`status.${situation.kind}.body`),
          ...(outage?.reads ? [`${t('status.read-only.away', { since: moment(outage.since) })} ${errorTexts(outage.code).message}`] : []),
          ...(outage ? files('status.unreadable', outage.unreadable) : []),
        ],
      };
    }
  }
}

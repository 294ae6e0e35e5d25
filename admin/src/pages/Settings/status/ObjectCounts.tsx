import { Badge, Flex } from '@strapi/design-system';
import { useIntl } from 'react-intl';

import type { StatusAnswer } from '../../../../../server/src/contracts/api';
import { useTranslate } from '../../../hooks/useTranslate';
import { formatBytes } from '../../../utils/format';
import { stuckOf } from '../../../utils/library';
import { TINTS } from '../../../utils/tints';

const SHOWN = [
  { state: 'remote', tint: 'success' },
  { state: 'both', tint: 'success' },
  { state: 'local', tint: 'neutral' },
  { state: 'failed', tint: 'danger' },
  { state: 'missing', tint: 'danger' },
  { state: 'lost', tint: 'danger' },
] as const;

/** Where the files are, for those states that any file is in, and how many of them the server holds in memory as well. */
export function ObjectCounts({ objects, memory }: { objects: StatusAnswer['objects']; memory: StatusAnswer['node']['memory'] }) {
  const t = useTranslate();
  const { locale } = useIntl();
  // each file once: the server counts missing and lost ones among the failed, too
  const shown = { ...objects, failed: stuckOf(objects) };
  const filled = SHOWN.filter(({ state }) => shown[state].count > 0);
  if (filled.length === 0) return null;
  return (
    <Flex gap={2} wrap="wrap" paddingTop={1}>
      {filled.map(({ state, tint }) => (
        <Badge key={state} {...TINTS[tint]}>
          {t(`objects.${state}`, { count: shown[state].count, size: formatBytes(shown[state].bytes, locale) })}
        </Badge>
      ))}
      {memory.count > 0 && <Badge {...TINTS.neutral}>{t('objects.memory', { count: memory.count, size: formatBytes(memory.bytes, locale) })}</Badge>}
    </Flex>
  );
}

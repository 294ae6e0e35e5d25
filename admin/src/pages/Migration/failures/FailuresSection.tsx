import { useCallback } from 'react';

import { Button, Flex, Table, Tbody, Thead, Tr, Typography, VisuallyHidden } from '@strapi/design-system';
import { useNotification } from '@strapi/strapi/admin';

import type { KeysRequest } from '../../../../../server/src/contracts/jobs';
import { HeadCell } from '../../../components/Cell';
import { Pager } from '../../../components/Pager';
import { Section } from '../../../components/Section';
import { useAct } from '../../../hooks/useAct';
import { useApi } from '../../../hooks/useApi';
import { usePage } from '../../../hooks/usePage';
import { useTranslate } from '../../../hooks/useTranslate';
import { useRights } from '../context';
import { FailureRow } from './FailureRow';

const PAGE_SIZE = 10;
const COLUMNS = ['file', 'state', 'reason', 'attempts'] as const;

/** The files that could not be moved, each with what to do. */
export function FailuresSection({ stamp }: { stamp: string }) {
  const t = useTranslate();
  const api = useApi();
  const { mayRun, refresh } = useRights();
  const { act, busy } = useAct(refresh);
  const { toggleNotification } = useNotification();
  const read = useCallback((page: number) => api.readFailed(page, PAGE_SIZE), [api]);
  const { answer, page, turn } = usePage(read, stamp);

  const retry = (which: KeysRequest) =>
    void act(async () => {
      const { count } = await api.retry(which);
      toggleNotification({ type: 'success', message: t('failures.retried', { count }) });
    });

  if (answer === null) return null;
  if (answer === 'failed' || answer.pagination.total === 0) {
    const words = answer === 'failed' ? 'failure.unknown' : 'failures.none';
    return (
      <Section title={t('failures.title')}>
        <Typography textColor="neutral600" tag="p">
          {t(words)}
        </Typography>
      </Section>
    );
  }
  const { total } = answer.pagination;
  return (
    <Section title={t('failures.title')} subtitle={t('failures.subtitle', { count: total })}>
      {mayRun && (
        <Flex>
          <Button size="S" variant="secondary" disabled={busy} onClick={() => retry({ all: true })}>
            {t('failures.retry-all')}
          </Button>
        </Flex>
      )}
      <Table colCount={COLUMNS.length + 1} rowCount={answer.results.length + 1} aria-label={t('failures.title')}>
        <Thead>
          <Tr>
            {COLUMNS.map((column) => (
              <HeadCell key={column}>
                <Typography variant="sigma" textColor="neutral600">
                  {t(`failures.${column}`)}
                </Typography>
              </HeadCell>
            ))}
            <HeadCell>
              <VisuallyHidden>{t('failures.retry')}</VisuallyHidden>
            </HeadCell>
          </Tr>
        </Thead>
        <Tbody>
          {answer.results.map((entry) => (
            <FailureRow key={entry.key} entry={entry} onRetry={mayRun && !busy ? () => retry({ keys: [entry.key] }) : null} />
          ))}
        </Tbody>
      </Table>
      <Pager page={page} pageSize={PAGE_SIZE} total={total} onTurn={turn} />
    </Section>
  );
}

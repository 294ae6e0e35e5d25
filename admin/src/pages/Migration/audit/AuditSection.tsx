import { useCallback, useState } from 'react';

import { Button, Flex, Typography } from '@strapi/design-system';

import type { JobAnswer, RunEntry } from '../../../../../server/src/contracts/jobs';
import { Confirm } from '../../../components/Confirm';
import { Pager } from '../../../components/Pager';
import { Section } from '../../../components/Section';
import { useAct } from '../../../hooks/useAct';
import { useApi } from '../../../hooks/useApi';
import { useMoment, useSize } from '../../../hooks/useFormats';
import { usePage } from '../../../hooks/usePage';
import { useTranslate } from '../../../hooks/useTranslate';
import { isOutdated, notLookedAt, planOf, verdictOf } from '../../../utils/audit';
import { TINTS } from '../../../utils/tints';
import { useRights } from '../context';
import { AuditCounts } from './AuditCounts';
import { AuditFindings } from './AuditFindings';

const PAGE_SIZE = 10;

/** Shows the findings of the last audit, and lets people apply its plan. */
export function AuditSection({ run, active, jobs }: { run: RunEntry; active: boolean; jobs: readonly JobAnswer[] }) {
  const t = useTranslate();
  const api = useApi();
  const sizeOf = useSize();
  const momentOf = useMoment();
  const { mayRun, refresh } = useRights();
  const { act, busy } = useAct(refresh);
  const [asking, setAsking] = useState(false);
  const read = useCallback((page: number) => api.readReport('audit', page, PAGE_SIZE), [api]);
  const { answer, page, turn } = usePage(read, `${run.id} ${run.status}`);

  if (answer === null || answer === 'failed' || active) return null;
  const outdated = isOutdated(run, jobs);
  const plan = outdated ? null : planOf(answer);
  const leftOut = run.audit ? notLookedAt(run.audit) : [];
  const apply = () => {
    setAsking(false);
    void act(() => api.startJob('audit', { apply: true }));
  };
  return (
    <Section title={t('audit.title')} subtitle={t('audit.subtitle', { when: momentOf(run.endedAt ?? run.startedAt) })}>
      {leftOut.map((what) => (
        <Typography key={what} textColor={TINTS.warning.textColor} fontWeight="semiBold" tag="p">
          {t(`audit.left-out.${what}`)}
        </Typography>
      ))}
      {outdated && (
        <Typography textColor="neutral800" tag="p">
          {t('audit.outdated')}
        </Typography>
      )}
      {answer.counts.length === 0 ? (
        <Typography textColor="neutral600" tag="p">
          {t(verdictOf(run) === 'clean' ? 'audit.none' : 'audit.none.partly')}
        </Typography>
      ) : (
        <>
          <AuditCounts counts={answer.counts} />
          <AuditFindings findings={answer.results} />
          <Pager page={page} pageSize={PAGE_SIZE} total={answer.pagination.total} onTurn={turn} />
        </>
      )}
      {plan && mayRun && (
        <Flex>
          <Button size="S" variant="secondary" disabled={busy} onClick={() => setAsking(true)}>
            {t('audit.apply')}
          </Button>
        </Flex>
      )}
      {plan && asking && (
        <Confirm
          title={t('audit.apply.title')}
          body={t('audit.apply.body', { count: plan.count, size: sizeOf(plan.bytes) })}
          action={t('audit.apply')}
          onConfirm={apply}
          onCancel={() => setAsking(false)}
        />
      )}
    </Section>
  );
}

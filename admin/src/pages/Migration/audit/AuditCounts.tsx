import { Table, Tbody, Thead, Tr, Typography } from '@strapi/design-system';

import type { ReportAnswer } from '../../../../../server/src/contracts/jobs';
import { Cell, HeadCell } from '../../../components/Cell';
import { Numbers } from '../../../components/Numbers';
import { useSize } from '../../../hooks/useFormats';
import { useTranslate } from '../../../hooks/useTranslate';

const COLUMNS = ['kind', 'count', 'size', 'action'] as const;

/** How many there are of each kind, and what the plan does about them. */
export function AuditCounts({ counts }: { counts: ReportAnswer['counts'] }) {
  const t = useTranslate();
  const sizeOf = useSize();
  return (
    <Table colCount={COLUMNS.length} rowCount={counts.length + 1} aria-label={t('audit.counts')}>
      <Thead>
        <Tr>
          {COLUMNS.map((column) => (
            <HeadCell key={column}>
              <Typography variant="sigma" textColor="neutral600">
                {t(`audit.${column}`)}
              </Typography>
            </HeadCell>
          ))}
        </Tr>
      </Thead>
      <Tbody>
        {counts.map(({ kind, action, count, bytes }) => (
          <Tr key={`${kind} ${action}`}>
            <Cell min="16rem">
              <Typography textColor="neutral800">{t(`finding.${kind}`)}</Typography>
            </Cell>
            <Cell>
              <Numbers strong>{t('number', { count })}</Numbers>
            </Cell>
            <Cell min="6rem">
              <Numbers>{sizeOf(bytes)}</Numbers>
            </Cell>
            <Cell min="16rem">
              <Typography textColor="neutral600">{t(`plan.${action}`)}</Typography>
            </Cell>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

import { Box, Flex, Typography } from '@strapi/design-system';

import type { RunEntry } from '../../../../../server/src/contracts/jobs';
import { Numbers } from '../../../components/Numbers';
import { useMoment, useSize } from '../../../hooks/useFormats';
import { useErrorTexts, useTranslate } from '../../../hooks/useTranslate';
import { requestsOf } from '../../../utils/jobs';
import type { ShownJob } from '../../../utils/jobs';

/** Shows how many files a run would move, and which files it would skip for which reason. */
export function DryRunResult({ job, run }: { job: ShownJob; run: RunEntry }) {
  const t = useTranslate();
  const sizeOf = useSize();
  const momentOf = useMoment();
  const errorTexts = useErrorTexts();
  const why = run.error && errorTexts(run.error.code, run.error);
  return (
    <Box background="neutral100" hasRadius padding={4} role="group" aria-label={t('dry-run.title', { job: t(`job.${job}.title`) })}>
      <Flex direction="column" alignItems="stretch" gap={2}>
        <Typography fontWeight="semiBold" tag="p">
          {t('dry-run.result', { count: run.total, size: sizeOf(run.bytesTotal), requests: requestsOf(run) })}
        </Typography>
        {run.skipped.length > 0 && (
          <Flex tag="ul" direction="column" alignItems="stretch" gap={1} aria-label={t('dry-run.skipped')}>
            {run.skipped.map(({ code, count, bytes }) => (
              <li key={code}>
                <Numbers>
                  {t('dry-run.skip', { files: t('files', { count, size: sizeOf(bytes) }), why: t(`skip.${code}`) })}
                </Numbers>
              </li>
            ))}
          </Flex>
        )}
        {why && <Typography tag="p">{[why.message, why.hint].filter(Boolean).join(' ')}</Typography>}
        <Numbers>{t('dry-run.when', { when: momentOf(run.endedAt ?? run.startedAt), how: t(`run.status.${run.status}`) })}</Numbers>
      </Flex>
    </Box>
  );
}

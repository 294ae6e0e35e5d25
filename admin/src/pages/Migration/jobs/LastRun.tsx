import { Box, Typography } from '@strapi/design-system';

import type { RunEntry } from '../../../../../server/src/contracts/jobs';
import { Numbers } from '../../../components/Numbers';
import { useMoment, useSize } from '../../../hooks/useFormats';
import { useErrorTexts, useTranslate } from '../../../hooks/useTranslate';
import { undoneOf } from '../../../utils/jobs';

/** When it last ran, how that ended, and why where it did not end well. */
export function LastRun({ run }: { run: RunEntry | null }) {
  const t = useTranslate();
  const sizeOf = useSize();
  const momentOf = useMoment();
  const errorTexts = useErrorTexts();
  if (!run) return <Numbers>{t('run.never')}</Numbers>;
  const { status, endedAt, startedAt, done, bytesDone, error } = run;
  const why = error && errorTexts(error.code, error);
  return (
    <Box>
      <Numbers>
        {t('run.last', { when: momentOf(endedAt ?? startedAt), how: t(`run.status.${status}`), count: done, size: sizeOf(bytesDone), failed: undoneOf(run) })}
      </Numbers>
      {why && (
        <Typography variant="pi" textColor="neutral800" tag="p">
          {[why.message, why.hint].filter(Boolean).join(' ')}
        </Typography>
      )}
    </Box>
  );
}

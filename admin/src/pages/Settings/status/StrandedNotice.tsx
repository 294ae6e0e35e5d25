import { useId, useState } from 'react';

import { Button, Typography } from '@strapi/design-system';
import { useIntl } from 'react-intl';

import type { StatusAnswer } from '../../../../../server/src/contracts/api';
import { useTranslate } from '../../../hooks/useTranslate';
import { lastSeenOf } from '../../../utils/disk';
import { formatBytes } from '../../../utils/format';
import { TINTS } from '../../../utils/tints';
import { Notice } from '../../../components/Notice';
import { StrandedList } from './StrandedList';

/** Files whose only copy is on a disk that is gone: how many, since when, what to do, and which. */
export function StrandedNotice({ stranded }: { stranded: StatusAnswer['stranded'] }) {
  const t = useTranslate();
  const { formatDate, locale } = useIntl();
  const [open, setOpen] = useState(false);
  const id = useId();
  const numbers = { count: stranded.count, size: formatBytes(stranded.bytes, locale) };
  const seen = lastSeenOf(stranded);
  const since = seen ? formatDate(seen, { dateStyle: 'medium', timeStyle: 'short' }) : null;
  return (
    <Notice title={t('stranded.title', numbers)}>
      {since && (
        <Typography textColor={TINTS.warning.textColor} tag="p">
          {t('stranded.since', { since })}
        </Typography>
      )}
      <Typography textColor={TINTS.warning.textColor} tag="p">
        {t('stranded.advice')}
      </Typography>
      <div>
        <Button type="button" variant="tertiary" size="S" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          {open ? t('stranded.hide') : t('stranded.show')}
        </Button>
      </div>
      <div id={id}>{open && <StrandedList count={stranded.count} />}</div>
    </Notice>
  );
}

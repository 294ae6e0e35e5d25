import { Box, Typography } from '@strapi/design-system';

import { Name } from '../../../components/Name';
import { STRANDED_SHOWN, useStranded } from '../../../hooks/useStranded';
import { useTranslate } from '../../../hooks/useTranslate';
import { TINTS } from '../../../utils/tints';

/** The first of the files that are out of reach, asked for when it is unfolded. */
export function StrandedList({ count }: { count: number }) {
  const t = useTranslate();
  const files = useStranded(count);
  if (files === 'failed') return <Typography textColor={TINTS.warning.textColor}>{t('failure.unknown')}</Typography>;
  if (files === null) return null;
  return (
    <>
      <Box tag="ul" aria-label={t('stranded.list')}>
        {files.map(({ key }) => (
          <Typography key={key} tag="li" variant="pi" textColor={TINTS.warning.textColor} style={{ overflowWrap: 'anywhere' }}>
            <Name>{key}</Name>
          </Typography>
        ))}
      </Box>
      {count > STRANDED_SHOWN && (
        <Typography variant="pi" textColor={TINTS.warning.textColor} tag="p">
          {t('stranded.more', { count: count - STRANDED_SHOWN })}
        </Typography>
      )}
    </>
  );
}

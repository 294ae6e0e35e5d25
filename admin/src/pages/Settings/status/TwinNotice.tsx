import { Typography } from '@strapi/design-system';

import { useTranslate } from '../../../hooks/useTranslate';
import { TINTS } from '../../../utils/tints';
import { Notice } from '../../../components/Notice';

/** Another uploads folder is in use under this one's id. */
export function TwinNotice() {
  const t = useTranslate();
  return (
    <Notice title={t('error.VOLUME_TWIN.message')}>
      <Typography textColor={TINTS.warning.textColor} tag="p">
        {t('error.VOLUME_TWIN.hint')}
      </Typography>
    </Notice>
  );
}

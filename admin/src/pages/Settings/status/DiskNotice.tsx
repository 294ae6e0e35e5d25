import { Typography } from '@strapi/design-system';

import type { EphemeralDisk } from '../../../../../server/src/contracts/api';
import { useTranslate } from '../../../hooks/useTranslate';
import { TINTS } from '../../../utils/tints';
import { Notice } from '../../../components/Notice';

/** The server's disk may not survive a restart. */
export function DiskNotice({ kind }: { kind: EphemeralDisk }) {
  const t = useTranslate();
  return (
    <Notice title={t(`disk.${kind}`)}>
      <Typography textColor={TINTS.warning.textColor} tag="p">
        {t('disk.advice')}
      </Typography>
    </Notice>
  );
}

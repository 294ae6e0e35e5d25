import { Typography } from '@strapi/design-system';

import type { DiskTrouble } from '../../../../../server/src/contracts/api';
import { useTranslate } from '../../../hooks/useTranslate';
import { TINTS } from '../../../utils/tints';
import { Notice } from '../../../components/Notice';

/** The server's uploads folder cannot be written. */
export function FolderNotice({ trouble: { code, folder, errno } }: { trouble: DiskTrouble }) {
  const t = useTranslate();
  const values = { folder, errno: errno ?? 'none' };
  return (
    <Notice title={t(`disk.folder.${code}`, values)}>
      <Typography textColor={TINTS.warning.textColor} tag="p">
        {t('disk.folder.advice', values)}
      </Typography>
    </Notice>
  );
}

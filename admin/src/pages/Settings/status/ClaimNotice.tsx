import { useState } from 'react';

import { Button, Typography } from '@strapi/design-system';
import { useNotification, useRBAC } from '@strapi/strapi/admin';

import type { ClaimableCode } from '../../../../../server/src/contracts/errors';
import { Notice } from '../../../components/Notice';
import { useTranslate } from '../../../hooks/useTranslate';
import { PERMISSIONS } from '../../../permissions';
import { TINTS } from '../../../utils/tints';
import { ClaimDialog } from './ClaimDialog';

/** A claim shows settings, changes one, and stops jobs. */
const CLAIMING = [...PERMISSIONS.read, ...PERMISSIONS.update, ...PERMISSIONS.runJobs];

/** Another database owns the bucket, or nobody knows who does: says whom that need not worry, and lets the others claim the bucket. */
export function ClaimNotice({ code, onClaimed }: { code: ClaimableCode; onClaimed: () => void }) {
  const t = useTranslate();
  const { toggleNotification } = useNotification();
  const { allowedActions, isLoading } = useRBAC(CLAIMING);
  const [asking, setAsking] = useState(false);
  const mayClaim = allowedActions.canRead === true && allowedActions.canUpdate === true && allowedActions.canRun === true;
  const claimed = () => {
    setAsking(false);
    toggleNotification({ type: 'success', message: t('claim.done') });
    onClaimed();
  };
  return (
    <Notice title={t(`claim.safe.${code}`)}>
      <Typography textColor={TINTS.warning.textColor} tag="p">
        {t(`claim.when.${code}`)}
        {!mayClaim && !isLoading && ` ${t('claim.no-right')}`}
      </Typography>
      {mayClaim && (
        <div>
          <Button type="button" variant="tertiary" size="S" aria-haspopup="dialog" onClick={() => setAsking(true)}>
            {t('claim.open')}
          </Button>
        </div>
      )}
      {asking && <ClaimDialog onClaimed={claimed} onCancel={() => setAsking(false)} />}
    </Notice>
  );
}

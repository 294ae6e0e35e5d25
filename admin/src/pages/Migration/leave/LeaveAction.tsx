import { useState } from 'react';

import { Button } from '@strapi/design-system';
import { useNotification } from '@strapi/strapi/admin';

import type { SettingsAnswer } from '../../../../../server/src/contracts/settings';
import { Confirm } from '../../../components/Confirm';
import { useAct } from '../../../hooks/useAct';
import { useApi } from '../../../hooks/useApi';
import { useTranslate } from '../../../hooks/useTranslate';
import { useRights } from '../context';

/** The way out of S3, and back. Nothing to leave where no bucket was ever set. */
export function LeaveAction({ settings: { settings } }: { settings: SettingsAnswer }) {
  const t = useTranslate();
  const api = useApi();
  const { refresh } = useRights();
  const { toggleNotification } = useNotification();
  const { act, busy } = useAct(refresh);
  const [asking, setAsking] = useState(false);
  if (settings.bucket === null) return null;
  const way = settings.leaving ? 'return' : 'leave';

  const go = async () => {
    setAsking(false);
    if (await act(way === 'leave' ? api.leave : api.returnToS3)) return;
    toggleNotification({ type: 'success', message: t(`${way}-s3.done`) });
  };
  return (
    <>
      <Button size="S" variant={way === 'leave' ? 'danger-light' : 'secondary'} loading={busy} onClick={() => setAsking(true)}>
        {t(`${way}-s3.action`)}
      </Button>
      {asking && (
        <Confirm
          title={t(`${way}-s3.title`)}
          body={t(`${way}-s3.body`)}
          action={t(`${way}-s3.action`)}
          danger={way === 'leave'}
          onConfirm={() => void go()}
          onCancel={() => setAsking(false)}
        />
      )}
    </>
  );
}

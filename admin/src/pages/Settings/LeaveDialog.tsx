import { Dialog } from '@strapi/design-system';
import { ConfirmDialog } from '@strapi/strapi/admin';

import { useTranslate } from '../../hooks/useTranslate';
import { useUnsavedGuard } from '../../hooks/useUnsavedGuard';

export function LeaveDialog({ dirty }: { dirty: boolean }) {
  const t = useTranslate();
  const blocker = useUnsavedGuard(dirty);
  if (blocker.state !== 'blocked') return null;
  return (
    <Dialog.Root open onOpenChange={(open) => !open && blocker.reset()}>
      <ConfirmDialog title={t('leave.title')} onConfirm={() => blocker.proceed()} onCancel={() => blocker.reset()}>
        {t('leave.body')}
      </ConfirmDialog>
    </Dialog.Root>
  );
}

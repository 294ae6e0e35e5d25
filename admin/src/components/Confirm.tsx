import type { ReactNode } from 'react';

import { Button, Dialog } from '@strapi/design-system';
import { ConfirmDialog } from '@strapi/strapi/admin';

import { useTranslate } from '../hooks/useTranslate';

interface Props {
  title: string;
  /** A body that is not a text has a `Dialog.Description` in it. */
  body: ReactNode;
  /** The text of the confirming button: it names the deed, and is never “OK”. */
  action: string;
  danger?: boolean;
  /** The deed cannot be confirmed yet, for instance because a box is not ticked. */
  disabled?: boolean;
  /** The deed is under way, and nothing closes the dialog until its end. */
  loading?: boolean;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Asks before something is done; it is closed by whoever opened it. */
export function Confirm({ title, body, action, danger = false, disabled = false, loading = false, onConfirm, onCancel }: Props) {
  const t = useTranslate();
  return (
    <Dialog.Root open onOpenChange={(open) => !open && !loading && onCancel()}>
      <ConfirmDialog
        title={title}
        startAction={
          // it closes the dialog by itself, and has the focus when the dialog opens: without it the focus would stay on the page behind
          <Dialog.Cancel>
            <Button fullWidth variant="tertiary" disabled={loading}>
              {t('cancel')}
            </Button>
          </Dialog.Cancel>
        }
        endAction={
          <Button fullWidth variant={danger ? 'danger' : 'default'} disabled={disabled} loading={loading} onClick={onConfirm}>
            {action}
          </Button>
        }
      >
        {body}
      </ConfirmDialog>
    </Dialog.Root>
  );
}

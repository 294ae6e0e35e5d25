import { Button, Dialog } from '@strapi/design-system';
import { ConfirmDialog } from '@strapi/strapi/admin';

import { useTranslate } from '../hooks/useTranslate';

interface Props {
  title: string;
  body: string;
  /** The text of the confirming button: it names the deed, and is never “OK”. */
  action: string;
  danger?: boolean;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Asks before something is done; it is closed by whoever opened it. */
export function Confirm({ title, body, action, danger = false, onConfirm, onCancel }: Props) {
  const t = useTranslate();
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onCancel()}>
      <ConfirmDialog
        title={title}
        startAction={
          <Button fullWidth variant="tertiary" onClick={onCancel}>
            {t('cancel')}
          </Button>
        }
        endAction={
          <Button fullWidth variant={danger ? 'danger' : 'default'} onClick={onConfirm}>
            {action}
          </Button>
        }
      >
        {body}
      </ConfirmDialog>
    </Dialog.Root>
  );
}

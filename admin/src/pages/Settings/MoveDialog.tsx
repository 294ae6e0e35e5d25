import { Confirm } from '../../components/Confirm';
import { useSize } from '../../hooks/useFormats';
import { useTranslate } from '../../hooks/useTranslate';
import type { Loss } from '../../hooks/useSave';

interface Props {
  loss: Loss;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Asks before settings are saved with which files that are only in S3 cannot be opened any more. */
export function MoveDialog({ loss, onConfirm, onCancel }: Props) {
  const t = useTranslate();
  const sizeOf = useSize();
  const body = loss === 'unknown' ? t('move.unknown') : t('move.files', { count: loss.count, size: sizeOf(loss.bytes) });
  return <Confirm title={t('move.title')} body={body} action={t('move.action')} danger onConfirm={onConfirm} onCancel={onCancel} />;
}

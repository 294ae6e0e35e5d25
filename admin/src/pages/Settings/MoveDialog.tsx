import type { Tally } from '../../../../server/src/contracts/api';
import { Confirm } from '../../components/Confirm';
import { useSize } from '../../hooks/useFormats';
import { useTranslate } from '../../hooks/useTranslate';
import type { Loss } from '../../hooks/useSave';

interface Props {
  loss: Loss;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Asks before settings are saved that lead to another place while files are in S3, or with which some cannot be opened any more. */
export function MoveDialog({ loss, onConfirm, onCancel }: Props) {
  const t = useTranslate();
  const sizeOf = useSize();
  const counted = (id: 'move.staying' | 'move.files', { count, bytes }: Tally) => (count > 0 ? [t(id, { count, size: sizeOf(bytes) })] : []);
  const leavesFiles = loss === 'unknown' || loss.outOfSight.count > 0;
  const body = loss === 'unknown' ? t('move.unknown') : [...counted('move.files', loss.outOfSight), ...counted('move.staying', loss.staying)].join(' ');
  return <Confirm title={t(leavesFiles ? 'move.title' : 'move.title.staying')} body={body} action={t('move.action')} danger onConfirm={onConfirm} onCancel={onCancel} />;
}

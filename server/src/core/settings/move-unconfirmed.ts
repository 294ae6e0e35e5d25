import type { MoveCounts } from '../../contracts/api';
import { StorageError } from '../errors';

/** The refusal of a change that leads to another area while objects are in the present one. Nothing has changed. */
export class MoveUnconfirmed extends StorageError {
  constructor(readonly counts: MoveCounts) {
    super('MOVE_UNCONFIRMED', { operation: 'update', detail: `${counts.staying.count} files stay, ${counts.outOfSight.count} get out of sight`, refused: true });
  }
}

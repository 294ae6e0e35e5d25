import type { ErrorCode } from '../../../contracts/errors';
import type { FindingAction, FindingKind } from '../../../contracts/jobs';
import type { Placement } from '../../ledger/state';

/**
 * The row's object. `archived`: it is as it was stored, but cannot be read, or only for a while. `unknown`: S3 does not say, or the
 * settings do not reach the location.
 */
export type ObjectSeen = 'none' | 'equal' | 'missing' | 'changed' | 'archived' | 'unknown';

/**
 * The row's copy on a disk. `here`: it is on this disk and has the size that the ledger knows. `elsewhere`: it is on another disk
 * that is in use. `vanished`: its disk is in use no more.
 */
export type FileSeen = 'none' | 'here' | 'gone' | 'changed' | 'elsewhere' | 'vanished' | 'unknown';

export interface Evidence {
  readonly state: Placement['state'];
  readonly object: ObjectSeen;
  readonly file: FileSeen;
  /**
   * Whether a file that was read from this disk has the bytes that the ledger knows. The audit asks this only if the object is
   * suspect, or if a file that is in no bucket is gone.
   */
  readonly copyHere: boolean;
  /** Whether the bucket is the right one, nothing lies under the plain name either, and no other disk can have the file. */
  readonly nowhereElse: boolean;
}

export interface Verdict {
  readonly kind: FindingKind;
  readonly code: ErrorCode;
  readonly action: FindingAction;
}

/** Returns the fault of a row's bytes, or undefined when no fault is known. */
export function judge({ state, object, file, copyHere, nowhereElse }: Evidence): Verdict | undefined {
  const lost: Verdict = { kind: 'lost', code: 'LOST', action: 'mark-lost' };
  const stranded: Verdict = { kind: 'stranded', code: 'NOT_ON_DISK', action: 'none' };
  if (object === 'missing') {
    if (copyHere) return { kind: 'object-missing', code: 'OBJECT_NOT_FOUND', action: 'upload-again' };
    if (file === 'vanished') return stranded;
    const mayBeOnDisk = file === 'elsewhere' || file === 'unknown';
    return nowhereElse && !mayBeOnDisk ? lost : { kind: 'object-missing', code: 'OBJECT_NOT_FOUND', action: 'none' };
  }
  if (object === 'changed') return { kind: 'object-changed', code: 'OBJECT_CHANGED', action: copyHere ? 'upload-again' : 'none' };
  if (object === 'archived') return { kind: 'object-archived', code: 'OBJECT_ARCHIVED', action: 'none' };
  if (file === 'changed') return { kind: 'file-changed', code: 'FILE_CHANGED', action: 'none' };
  if (state === 'local' && file === 'vanished') return stranded;
  if (file !== 'gone') return undefined;
  if (state === 'local' && copyHere) return { kind: 'file-missing', code: 'NOT_ON_DISK', action: 'upload-again' };
  if (state === 'local' && nowhereElse) return lost;
  return { kind: 'file-missing', code: 'NOT_ON_DISK', action: object === 'equal' ? 'drop-file-copy' : 'none' };
}

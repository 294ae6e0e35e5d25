import type { FindingAction, FindingKind, RunStatus, SkipCode } from '../contracts/jobs';
import type { JobCommand } from './arguments';

export const SKIPPED: Record<SkipCode, string> = {
  OTHER_PROVIDER: 'kept by another upload provider',
  IN_S3: 'in S3 already',
  MISSING: 'in the media library, but found nowhere',
  OTHER_DISK: 'on another server’s disk',
  UNUSABLE_NAME: 'with a name that cannot be a key',
  OTHER_URL: 'at a URL other than /uploads/<hash><ext>; they stay where they are',
  BEYOND_MAX_ID: 'beyond the largest id asked for',
  GIVEN_UP: 'failed too often to be tried by themselves',
  IN_TRASH: 'deleted',
};

/** The past participle for a file that is done, or that a run would do. */
export const DONE: Record<JobCommand, string> = {
  upload: 'uploaded',
  cleanup: 'removed from this disk',
  restore: 'back on this disk',
  relocate: 'moved to the present bucket',
  audit: 'compared',
};

export const ENDED: Record<RunStatus, string> = {
  running: 'is still running',
  complete: 'is complete',
  paused: 'is not complete',
  stopped: 'was stopped',
  failed: 'failed',
};

export const FOUND: Record<FindingKind, string> = {
  missing: 'listed by the media library, without bytes',
  'object-missing': 'not in the bucket',
  'object-changed': 'changed in the bucket by somebody else',
  'object-archived': 'in an archive of the bucket, where it cannot be read',
  'file-missing': 'not on this disk',
  'file-changed': 'changed on this disk by somebody else',
  'orphan-object': 'in the bucket, known to nobody',
  'orphan-file': 'on this disk, known to nobody',
  unlisted: 'no longer listed by the media library',
  elsewhere: 'at a URL of its own, left where it is',
  stranded: 'only on a disk that has vanished',
  failed: 'could not be moved',
  lost: 'nowhere',
};

/** Kinds of findings that endanger no file. */
export const HARMLESS: ReadonlySet<FindingKind> = new Set<FindingKind>(['orphan-object', 'orphan-file', 'unlisted', 'elsewhere']);

export const ACTION: Record<FindingAction, string> = {
  none: 'reported only',
  'upload-again': 'the copy on disk is uploaded under a new name',
  'drop-file-copy': 'the copy on disk is forgotten',
  bury: 'into the trash',
  sweep: 'removed',
  'mark-lost': 'marked as lost',
};

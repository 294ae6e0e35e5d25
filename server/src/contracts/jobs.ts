import { z } from 'zod';

import type { ErrorCode } from './errors';
import { cronSchema, fieldErrors, type Checked } from './schemas';

/**
 * `upload`: phase 1, the library's files to S3. `cleanup`: phase 2, frees the disk of what is proven in S3. `restore`: files
 * back to the disk. `purge`: bytes of deleted files away. `audit`: database, disk and bucket compared.
 */
export const JOB_NAMES = ['upload', 'cleanup', 'restore', 'purge', 'audit'] as const;
export type JobName = (typeof JOB_NAMES)[number];

/** The jobs that can be run again and again by a schedule. */
export const SCHEDULED_JOBS = ['upload', 'cleanup'] as const;
export type ScheduledJob = (typeof SCHEDULED_JOBS)[number];

/** A code with its sentences, in English; the panel has them in its own language by the code. */
export interface Reason {
  code: ErrorCode;
  message: string;
  hint: string;
}

/** Body of `POST /jobs/:name/start`. */
export interface StartRequest {
  /** Changes nothing, and reports what would be done. */
  dryRun?: boolean;
  /** Files of the media library up to this id only. */
  maxId?: number;
  /** `audit`: puts right what can safely be. */
  apply?: boolean;
}

/**
 * `running`; `complete`: nothing was left to do; `paused`: the time for one run was used up, or S3 went away (see `error`):
 * it goes on by itself; `stopped`: somebody asked for it; `failed`: something unexpected, see `error`.
 */
export type RunStatus = 'running' | 'complete' | 'paused' | 'stopped' | 'failed';

export type RunTrigger = 'schedule' | 'panel' | 'command';

/** Requests to S3 by kind. */
export interface Requests {
  list: number;
  head: number;
  get: number;
  put: number;
  delete: number;
}

/** Files that a run passed by, and why. */
export interface Skipped {
  code: SkipCode;
  count: number;
  bytes: number;
}

/**
 * `OTHER_PROVIDER`: kept by another upload provider; `IN_S3`: there already; `MISSING`: the library lists it, and it was
 * found nowhere; `OTHER_DISK`: on another server's disk; `UNUSABLE_NAME`: its name cannot be a key; `BEYOND_MAX_ID`: outside
 * the range; `OTHER_URL`: its URL is not `/uploads/` and its name, so that Strapi itself would remove and replace another file;
 * `GIVEN_UP`: failed too often to be tried by itself; `IN_TRASH`: deleted.
 */
export const SKIP_CODES = ['OTHER_PROVIDER', 'IN_S3', 'MISSING', 'OTHER_DISK', 'UNUSABLE_NAME', 'OTHER_URL', 'BEYOND_MAX_ID', 'GIVEN_UP', 'IN_TRASH'] as const;
export type SkipCode = (typeof SKIP_CODES)[number];

/** What an audit looked at and found. */
export interface AuditResult {
  /**
   * `checked`: every bucket that the ledger has objects in was listed or asked, object by object; `partly`: at least one of
   * them was out of reach or would not be listed; `unchecked`: no bucket was looked at at all (S3 is off, or answered nothing).
   */
  bucket: 'checked' | 'partly' | 'unchecked';
  /** False: the uploads folder was not there (an empty mount point), so nothing is known of its files. */
  disk: boolean;
  /** Everything that was noted, files that `apply` has put right included. */
  findings: number;
  /** Those of them that were put right. */
  applied: number;
  /** Files proven to be nowhere (kind `lost`) or found nowhere (`missing`, `stranded`), of the findings. */
  lost: number;
}

/** One run of a job, under way or over. Times are ISO 8601. */
export interface RunEntry {
  id: number;
  job: JobName;
  trigger: RunTrigger;
  dryRun: boolean;
  status: RunStatus;
  startedAt: string;
  endedAt: string | null;
  /** The disk it worked on; null for a job that concerns no single one. */
  volume: string | null;
  /** A dry run's numbers are what a run would do. */
  done: number;
  total: number;
  failed: number;
  bytesDone: number;
  bytesTotal: number;
  requests: Requests;
  skipped: Skipped[];
  error: Reason | null;
  /** What an audit looked at and found; null for every other job, while the audit has not ended, and for audits of older versions. */
  audit?: AuditResult | null;
}

/** Over the whole library and all processes. */
export interface JobProgress {
  done: number;
  total: number;
  /** Files whose last attempt failed. */
  failed: number;
  bytesDone: number;
  bytesTotal: number;
  /** Files a second, of the runs under way; null while nothing runs or it is too early to tell. */
  perSecond: number | null;
  bytesPerSecond: number | null;
  etaSeconds: number | null;
}

export interface JobSchedule {
  enabled: boolean;
  /** Null: this job has no schedule. */
  expression: string | null;
  nextRunAt: string | null;
}

export interface JobAnswer {
  name: JobName;
  running: boolean;
  /** A run was asked for and goes on, pauses included, until it is complete or stopped. */
  wanted: boolean;
  /** Nothing is left to do. */
  complete: boolean;
  /** False where nothing was ever looked at for the job: no inventory, an empty ledger, no run. */
  looked?: boolean;
  progress: JobProgress;
  schedule: JobSchedule;
  /** Together with the paused runs that it goes on with. */
  lastRun: RunEntry | null;
  lastDryRun: RunEntry | null;
  /** Why it cannot be started now. */
  blockedBy: Reason | null;
  /** It may be started, but what it is for will not come of it. */
  warning: Reason | null;
}

/** Answer of `GET /jobs`. */
export interface JobsAnswer {
  jobs: JobAnswer[];
}

/**
 * What an audit or a dry run found. `missing`: the library lists it and there are no bytes; `object-missing`: the ledger's object
 * is not in the bucket; `object-changed`: it is not the one that was stored; `object-archived`: it cannot be read; `file-missing`, `file-changed`: the same of the copy on
 * this disk; `orphan-object`: nobody knows it, it is never removed; `orphan-file`: the same on disk; `unlisted`: the media library
 * lists it no more; `elsewhere`: its URL is not `/uploads/` and its name, it is left where it is; `stranded`: the only copy is on a disk that has vanished; `failed`: an attempt to move it failed;
 * `lost`: it is nowhere, and the bucket was proven to be the right one.
 */
export const FINDING_KINDS = [
  'missing', 'object-missing', 'object-changed', 'object-archived', 'file-missing', 'file-changed', 'orphan-object', 'orphan-file', 'unlisted', 'elsewhere', 'stranded', 'failed', 'lost',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/**
 * What applying the plan does about it. `upload-again`: the copy on disk becomes the current one and is uploaded under a new name;
 * `drop-file-copy`: the ledger forgets a copy on disk that is not there; `bury`: into the trash, from where the purge takes it if
 * really nobody lists it; `sweep`: a file that only this plugin can have written is removed; `mark-lost`; `none`: reported only.
 */
export const FINDING_ACTIONS = ['none', 'upload-again', 'drop-file-copy', 'bury', 'sweep', 'mark-lost'] as const;
export type FindingAction = (typeof FINDING_ACTIONS)[number];

export interface Finding {
  kind: FindingKind;
  /** Null: an orphan that is no key's. */
  key: string | null;
  /** Object or file name. */
  name: string | null;
  /** Bytes; null: not known. */
  size: number | null;
  reason: Reason | null;
  action: FindingAction;
  applied: boolean;
}

/** Answer of `GET /jobs/:name/report`: the last dry run, or audit. */
export interface ReportAnswer {
  run: RunEntry | null;
  /** Per kind, how many there are in all. */
  counts: { kind: FindingKind; action: FindingAction; count: number; bytes: number }[];
  results: Finding[];
  pagination: { page: number; pageSize: number; total: number };
}

/** Body of `POST /objects/retry` and `/objects/untrash`. */
export type KeysRequest = { keys: string[] } | { all: true };

/** Answer of both: how many files it concerned. */
export interface KeysAnswer {
  count: number;
}

const flag = () => z.boolean({ error: 'must be true or false' });
const MAX_KEYS = 1_000;
const maxIdError = 'must be a whole number above 0';

const maxIdSchema = z.int({ error: maxIdError }).min(1, { error: maxIdError });

const startSchema = z.strictObject({
  dryRun: flag().optional(),
  maxId: maxIdSchema.optional(),
  apply: flag().optional(),
});

const scheduleSchema = z.strictObject({ enabled: flag().optional(), expression: cronSchema.optional() });

const keysError = `must be 1 to ${MAX_KEYS} keys`;
const keysSchema = z.union(
  [
    z.strictObject({ keys: z.array(z.string().min(1).max(1024), { error: keysError }).min(1, { error: keysError }).max(MAX_KEYS, { error: keysError }) }),
    z.strictObject({ all: z.literal(true, { error: 'must be true' }) }),
  ],
  { error: 'must be { "keys": […] } or { "all": true }' },
);

export type ScheduleRequest = z.output<typeof scheduleSchema>;

function checked<T>(schema: z.ZodType<T>, body: unknown): Checked<T> {
  const parsed = schema.safeParse(body ?? {});
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, fields: fieldErrors(parsed.error, 'is not a parameter') };
}

/** The bodies' checks; none throws. */
export const parseStart = (body: unknown): Checked<StartRequest> => checked(startSchema, body);
export const parseSchedule = (body: unknown): Checked<ScheduleRequest> => checked(scheduleSchema, body);
export const parseKeys = (body: unknown): Checked<KeysRequest> => checked(keysSchema, body);

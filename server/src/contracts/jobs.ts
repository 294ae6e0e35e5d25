import { z } from 'zod';

import type { ErrorCode } from './errors';
import { cronSchema, fieldErrors, type Checked } from './schemas';

/**
 * `upload`: phase 1, sends the library's files to S3. `cleanup`: phase 2, frees the disk of files that are proven in S3. `restore`: brings
 * files back to the disk. `relocate`: moves objects from former buckets and prefixes to the present one. `purge`: ends the tombstones of deleted files. `audit`: compares database, disk and bucket.
 */
export const JOB_NAMES = ['upload', 'cleanup', 'restore', 'relocate', 'purge', 'audit'] as const;
export type JobName = (typeof JOB_NAMES)[number];

/** The jobs that can have a schedule. */
export const SCHEDULED_JOBS = ['upload', 'cleanup'] as const;
export type ScheduledJob = (typeof SCHEDULED_JOBS)[number];

/** An error code with its English texts. The panel uses the code to show them in its own language. */
export interface Reason {
  code: ErrorCode;
  message: string;
  hint: string;
}

/** Body of `POST /jobs/:name/start`. */
export interface StartRequest {
  /** A dry run: it changes nothing, and reports what a run would do. */
  dryRun?: boolean;
  /** The job takes only files of the media library with an id up to this one. */
  maxId?: number;
  /** `audit` only: fixes the findings that it can fix safely. */
  apply?: boolean;
}

/**
 * `complete`: nothing is left to do. `paused`: the time for one run was over, or S3 went away (see `error`); the job goes on by itself.
 * `stopped`: somebody stopped it. `failed`: something unexpected happened, see `error`.
 */
export type RunStatus = 'running' | 'complete' | 'paused' | 'stopped' | 'failed';

export type RunTrigger = 'schedule' | 'panel' | 'command';

/** Numbers of requests to S3, by kind. */
export interface Requests {
  list: number;
  head: number;
  get: number;
  put: number;
  delete: number;
}

/** Files that a run skipped, and why. */
export interface Skipped {
  code: SkipCode;
  count: number;
  bytes: number;
}

/**
 * `OTHER_PROVIDER`: another upload provider keeps the file. `IN_S3`: it is in S3 already. `MISSING`: the library lists it, and the plugin
 * found it nowhere. `OTHER_DISK`: it is on another server's disk. `UNUSABLE_NAME`: its name cannot be a key. `BEYOND_MAX_ID`: its id is
 * outside the range. `OTHER_URL`: its URL is not `/uploads/` followed by its name, so Strapi itself would remove and replace another file.
 * `GIVEN_UP`: it failed 5 times by itself, and jobs leave it alone. `IN_TRASH`: somebody deleted it.
 */
export const SKIP_CODES = ['OTHER_PROVIDER', 'IN_S3', 'MISSING', 'OTHER_DISK', 'UNUSABLE_NAME', 'OTHER_URL', 'BEYOND_MAX_ID', 'GIVEN_UP', 'IN_TRASH'] as const;
export type SkipCode = (typeof SKIP_CODES)[number];

/** The scope of an audit, and what it found. */
export interface AuditResult {
  /**
   * `checked`: the audit listed every bucket in which the ledger has objects, or asked for each object. `partly`: at least one of these
   * buckets could not be reached or listed. `unchecked`: the audit looked at no bucket, because S3 is off or did not answer.
   */
  bucket: 'checked' | 'partly' | 'unchecked';
  /** False if the uploads folder was not there (an empty mount point): then the audit knows nothing of its files. */
  disk: boolean;
  /** Number of findings, including those that `apply` has fixed. */
  findings: number;
  /** Number of these findings that `apply` has fixed. */
  applied: number;
  /** Number of these findings whose bytes are nowhere (`lost`), or were not found (`missing`, `stranded`). */
  lost: number;
}

/** One run of a job, running or ended. Times are in ISO 8601. */
export interface RunEntry {
  id: number;
  job: JobName;
  trigger: RunTrigger;
  dryRun: boolean;
  status: RunStatus;
  startedAt: string;
  endedAt: string | null;
  /** The disk on which the run worked; null for a job that belongs to no single disk. */
  volume: string | null;
  /** The numbers of a dry run say what a run would do. */
  done: number;
  total: number;
  failed: number;
  bytesDone: number;
  bytesTotal: number;
  requests: Requests;
  skipped: Skipped[];
  error: Reason | null;
  /** Null for every other job, while the audit still runs, and for audits of older versions. */
  audit?: AuditResult | null;
}

/** Progress over the whole library and all processes. */
export interface JobProgress {
  done: number;
  total: number;
  /** Files whose last attempt failed. */
  failed: number;
  bytesDone: number;
  bytesTotal: number;
  /** Files per second of all present runs; null while nothing runs or it is too early to tell. */
  perSecond: number | null;
  bytesPerSecond: number | null;
  etaSeconds: number | null;
}

export interface JobSchedule {
  enabled: boolean;
  /** Null if this job has no schedule. */
  expression: string | null;
  nextRunAt: string | null;
}

export interface JobAnswer {
  name: JobName;
  running: boolean;
  /** Somebody asked for a run that is not yet complete or stopped. It goes on after each pause. */
  wanted: boolean;
  /** Nothing is left to do. */
  complete: boolean;
  /** False if nothing has ever looked at the library for this job: there is no inventory, no row in the ledger or no run. */
  looked?: boolean;
  progress: JobProgress;
  schedule: JobSchedule;
  /** The last run, together with the paused runs that it continues. */
  lastRun: RunEntry | null;
  lastDryRun: RunEntry | null;
  /** Why the job cannot start now; null if it can. */
  blockedBy: Reason | null;
  /** Why the job may start but will not reach its aim; null if nothing prevents it. */
  warning: Reason | null;
}

/** Answer of `GET /jobs`. */
export interface JobsAnswer {
  jobs: JobAnswer[];
}

/**
 * Kinds of findings of an audit or a dry run.
 * `missing`: the library lists the file, and there are no bytes. `object-missing`: the object of the row is not in the bucket.
 * `object-changed`: it is not the object that the plugin stored. `object-archived`: nobody can read it. `file-missing`, `file-changed`: the
 * same for the copy on this disk. `orphan-object`: nobody knows the object; the plugin never removes it. `orphan-file`: the same on disk.
 * `unlisted`: the media library no longer lists the file. `elsewhere`: the URL of the file is not `/uploads/` followed by its name, and the
 * file stays where it is. `stranded`: the only copy is on a disk that has vanished. `failed`: an attempt to move the file failed. `lost`:
 * the bytes are nowhere, and the bucket proved to be the right one.
 */
export const FINDING_KINDS = [
  'missing', 'object-missing', 'object-changed', 'object-archived', 'file-missing', 'file-changed', 'orphan-object', 'orphan-file', 'unlisted', 'elsewhere', 'stranded', 'failed', 'lost',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/**
 * The actions by which an audit with `apply` fixes a finding.
 * `upload-again`: the copy on disk becomes the current one, and the plugin uploads it under a new name. `drop-file-copy`: the ledger
 * forgets a copy that is not on the disk. `bury`: the row gets a tombstone, and the purge makes it `gone` if really nobody lists the file.
 * `sweep`: the plugin removes a file that only it can have written. `mark-lost`: the row is marked as lost. `none`: the audit only reports
 * the finding.
 */
export const FINDING_ACTIONS = ['none', 'upload-again', 'drop-file-copy', 'bury', 'sweep', 'mark-lost'] as const;
export type FindingAction = (typeof FINDING_ACTIONS)[number];

export interface Finding {
  kind: FindingKind;
  /** Null for an orphan whose name belongs to no key. */
  key: string | null;
  /** Name of the object or file. */
  name: string | null;
  /** Size in bytes; null if it is not known. */
  size: number | null;
  reason: Reason | null;
  action: FindingAction;
  applied: boolean;
}

/** Answer of `GET /jobs/:name/report`: the last dry run or audit. */
export interface ReportAnswer {
  run: RunEntry | null;
  /** The total of each kind and action. */
  counts: { kind: FindingKind; action: FindingAction; count: number; bytes: number }[];
  results: Finding[];
  pagination: { page: number; pageSize: number; total: number };
}

/** Body of `POST /objects/retry` and `/objects/untrash`. */
export type KeysRequest = { keys: string[] } | { all: true };

/** Answer of both routes: the number of files that they changed. */
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

/** These functions check the bodies of requests, and never throw. */
export const parseStart = (body: unknown): Checked<StartRequest> => checked(startSchema, body);
export const parseSchedule = (body: unknown): Checked<ScheduleRequest> => checked(scheduleSchema, body);
export const parseKeys = (body: unknown): Checked<KeysRequest> => checked(keysSchema, body);

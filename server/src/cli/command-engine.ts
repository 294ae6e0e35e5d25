import type { DiskTrouble, EphemeralDisk, StatusAnswer, TestAnswer } from '../contracts/api';
import type { ErrorCode } from '../contracts/errors';
import type { JobName, JobsAnswer, ReportAnswer, RunEntry } from '../contracts/jobs';
import type { ObjectsAnswer } from '../contracts/objects';
import type { SettingsAnswer } from '../contracts/settings';
import type { JobOptions } from '../core/runner/job';
import type { ProgressSnapshot } from '../core/runner/run-progress';

export interface RunHooks {
  /** Aborts: the run finishes what is in hand and ends. */
  readonly signal: AbortSignal;
  /** Every few seconds at least; of the present run, which begins anew after a pause. */
  onProgress(progress: ProgressSnapshot): void;
  /** A run has ended, and another follows in a few seconds. `code`: of S3, which is away, or of a file that failed; null: none. */
  onPaused(code: ErrorCode | null): void;
}

/** What the command line needs of the engine. */
export interface CommandEngine {
  settings(): Promise<SettingsAnswer>;
  /** The connection test of the stored settings; never throws for what it finds. */
  test(): Promise<TestAnswer>;
  status(): Promise<StatusAnswer>;
  /** The query as `GET /objects` has it. */
  objects(query: Readonly<Record<string, string>>): Promise<ObjectsAnswer>;
  jobs(): Promise<JobsAnswer>;
  report(name: JobName, query: Readonly<Record<string, string>>): Promise<ReportAnswer>;
  /** Works until nothing is left to do, or the signal aborts. @throws StorageError: it could not begin */
  runNow(name: JobName, options: Partial<JobOptions>, hooks: RunHooks): Promise<RunEntry>;
}

/** What is known of the project although the engine may not run. */
export interface HostFacts {
  /** Strapi's upload provider is the local one. */
  providerIsLocal: boolean;
  /** Its methods that other code has wrapped or replaced. */
  foreignMethods: readonly string[];
  /** Enabled plugins that are known to read the uploads folder themselves. */
  folderReaders: readonly string[];
  /** What the secret is encrypted with; null: neither is set, so that none can be stored. */
  encryptedWith: 'admin.secrets.encryptionKey' | 'app.keys' | null;
  /** Tables that are still to be made or changed; null: the database did not say. */
  missingMigrations: readonly string[] | null;
  uploads: {
    folder: string;
    /** Null: it can be written. */
    trouble: DiskTrouble | null;
    /** Null: the platform does not tell. */
    freeBytes: number | null;
    ephemeral: EphemeralDisk | null;
  };
}

export interface CommandHost {
  /** @throws whatever kept the engine from starting */
  start(): Promise<CommandEngine>;
  facts(): Promise<HostFacts>;
}

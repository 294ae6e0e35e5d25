import type { JobName, StartRequest } from '../../contracts/jobs';

/** What was last asked of a job, for every process to obey. */
export interface JobRequest {
  readonly name: JobName;
  /** +1 with each start and each stop. */
  readonly number: number;
  readonly options: StartRequest;
  /** It was to stop; else it was to run. */
  readonly stopped: boolean;
  /** By the store's clock (the database's). */
  readonly requestedAt: Date;
}

/** Starts and stops as flags that all processes of a project see. One request a job: the last one. */
export interface JobRequests {
  start(name: JobName, options: StartRequest): Promise<void>;
  /** Ends what runs of the job, however it was started, and what was asked for. */
  stop(name: JobName): Promise<void>;
  /** At most one a job. Cheap, for polling. */
  list(): Promise<JobRequest[]>;
}

import type { JobName, StartRequest } from '../../contracts/jobs';

/** The last request for a job, which every process obeys. */
export interface JobRequest {
  readonly name: JobName;
  /** It grows by 1 with each start and each stop of the job. */
  readonly number: number;
  readonly options: StartRequest;
  /** True if the request was to stop the job, false if it was to start the job. */
  readonly stopped: boolean;
  /** Time of the request, by the database's clock. */
  readonly requestedAt: Date;
}

/** The starts and stops of jobs, which all processes of a project see. Each job has at most one request: the last one. */
export interface JobRequests {
  start(name: JobName, options: StartRequest): Promise<void>;
  /** Ends the runs of the job, however they were started, and the request for it. */
  stop(name: JobName): Promise<void>;
  /** Returns at most one request for each job. The call is cheap enough for polling. */
  list(): Promise<JobRequest[]>;
}

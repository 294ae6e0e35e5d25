import type { JobName } from '../../contracts/jobs';
import type { VolumeId } from '../keys';
import type { VolumeRegistry } from '../volumes/registry';
import type { Job } from './job';
import type { JobRequest, JobRequests } from './job-requests';
import type { Runs, RunTrace } from './runs';

/** Number of runs of one request that died with their process, after which nobody tries the request again. */
const MAX_DEATHS = 3;

/**
 * The meaning of a request for this process. `new`: it may begin the job; `again`: it may go on with the job; `elsewhere`: a process is
 * running it; `later`: that is not known yet; `done`: nothing is left to do here, ever.
 */
export type Standing = 'new' | 'again' | 'elsewhere' | 'later' | 'done';

export interface RequestBookDeps {
  readonly requests: JobRequests;
  readonly runs: Pick<Runs, 'ofRequest'>;
  readonly registry: Pick<VolumeRegistry, 'list'>;
  readonly volume: () => VolumeId;
}

/** Knows the requests for jobs, and how far they have come. */
export class RequestBook {
  constructor(private readonly deps: RequestBookDeps) {}

  list(): Promise<JobRequest[]> {
    return this.deps.requests.list();
  }

  async standing(job: Job, request: JobRequest): Promise<Standing> {
    if (request.stopped) return 'done';
    const traces = await this.deps.runs.ofRequest(job.name, request.number);
    const mine = onceForAll(job, request) ? traces : traces.filter(({ volume }) => volume === this.deps.volume());
    if (isOver(mine)) return 'done';
    if (mine.some(({ status }) => status === 'running')) return 'elsewhere';
    if (mine.length > 0) return 'again';
    return this.#concerns(job, request);
  }

  /** Whether the request goes on somewhere, or has yet to begin here. */
  async isWanted(job: Job, request: JobRequest | undefined): Promise<boolean> {
    if (!request || request.stopped) return false;
    const traces = await this.deps.runs.ofRequest(job.name, request.number);
    if (onceForAll(job, request)) return !isOver(traces);
    const volumes = new Set([...traces.map(({ volume }) => volume), this.deps.volume()]);
    for (const volume of volumes) {
      const of = traces.filter((trace) => trace.volume === volume);
      if (of.length > 0 ? !isOver(of) : (await this.#concerns(job, request)) !== 'done') return true;
    }
    return false;
  }

  /** Whether nobody has begun with the request yet, and somebody will. */
  async awaitsBegin(job: Job, request: JobRequest | undefined): Promise<boolean> {
    if (!request || !(await this.isWanted(job, request))) return false;
    return (await this.deps.runs.ofRequest(job.name, request.number)).length === 0;
  }

  /** Tells whether a request that has no run yet concerns this disk. A restore is for the disks of that time, and not for a later, empty one. */
  async #concerns(job: Job, { requestedAt }: JobRequest): Promise<Standing> {
    if (job.name !== ('restore' satisfies JobName)) return 'new';
    const here = (await this.deps.registry.list()).find(({ id }) => id === this.deps.volume());
    if (!here) return 'later';
    return here.firstSeen <= requestedAt ? 'new' : 'done';
  }
}

/** Whether one process runs the request for all disks; otherwise a process of each disk runs it. */
export function onceForAll(job: Job, { options }: Pick<JobRequest, 'options'>): boolean {
  return job.scope === 'library' || options.dryRun === true;
}

function isOver(traces: readonly RunTrace[]): boolean {
  return traces.some(({ status }) => status === 'complete' || status === 'stopped' || status === 'failed') || traces.filter(({ died }) => died).length >= MAX_DEATHS;
}

import { catchUp, tryOverwriting } from './catch-up';
import { lastUploads } from './last-uploads';
import type { MoveParts } from '../jobs/deps';
import type { SweepParts } from '../sweep/deps';
import { BEAT_INTERVAL_MS } from '../volumes/registry';
import { clean } from '../sweep/clean';
import { LeaseHolder } from '../leases/lease-holder';
import type { Leases } from '../leases/leases';
import { settleHere } from './settle-here';
import { TallyKeeping } from './tally-keeping';
import { tidy } from './tidy';
import { Worker } from '../worker';

/** Pauses of the workers when nothing wakes them, in milliseconds. They vary, so that processes that began together drift apart. */
const CATCH_UP_PAUSE_MS = 5_000;
const CLEANING_PAUSE_MS = 60_000;
const INCIDENTS_PAUSE_MS = 60_000;
const TALLIES_PAUSE_MS = 60_000;
const SETTLING_PAUSE_MS = 60_000;
const TIDYING_PAUSE_MS = 3600_000;
/** Longest delay before a file that went to the disk is tried again, in milliseconds. By then its request has published it. */
const SOON_MS = 2_000;
/** Longest delay before a file that was written while leaving S3 is settled, in milliseconds. By then a replaced path has rested. */
const SETTLED_SOON_MS = 7_000;

export interface HousekeepingOptions {
  /** Returns the number of files to upload or settle at once. */
  concurrency(): number;
  flushIncidents(): Promise<void>;
  /** Records that this process's disk is in use. */
  beat(): Promise<void>;
  /** Removes the keys of former buckets that nothing needs any more. */
  dropUnneededKeys(): Promise<void>;
  leases: Leases;
  /** The name under which this process holds leases. */
  holder: string;
}

/**
 * The background work that is always on. It sends fallback files to S3, purges buried keys, removes the bytes of condemned names,
 * notes outages, and keeps the tallies. While the project is leaving S3, it also settles this disk's files.
 */
export class Housekeeping {
  readonly #catchUp: Worker;
  readonly #cleaning: Worker;
  readonly #settling: Worker;
  readonly #tallies: Worker;
  readonly #incidents: Worker;
  readonly #beat: Worker;
  readonly #tidying: Worker;
  readonly #stopped = new AbortController();
  #started = false;
  /** The workers that a timer will wake soon. */
  readonly #soon = new Set<Worker>();

  constructor(
    private readonly deps: MoveParts & SweepParts,
    options: HousekeepingOptions,
  ) {
    const { log, clock } = deps;
    const leases = new LeaseHolder(options.leases, options.holder, clock, log);
    const tallies = new TallyKeeping(deps, leases);
    const about = (ms: number) => () => ms * (0.75 + clock.random() / 2);
    this.#catchUp = new Worker(
      'upload of fallback files',
      about(CATCH_UP_PAUSE_MS),
      async (signal) => {
        const { uploaded } = await catchUp(deps, options.concurrency(), signal);
        if (uploaded > 0) log.info(`${uploaded} file(s) that had gone to the local disk were uploaded to S3`);
        await tryOverwriting(deps, signal);
      },
      log,
    );
    this.#cleaning = new Worker(
      'purge',
      about(CLEANING_PAUSE_MS),
      (signal, woken) => clean(deps, leases, signal, woken),
      log,
    );
    this.#settling = new Worker(
      'settling of files',
      about(SETTLING_PAUSE_MS),
      (signal) => settleHere(deps, leases, options.concurrency(), signal),
      log,
    );
    this.#tallies = new Worker('tallies', about(TALLIES_PAUSE_MS), () => tallies.run(), log);
    this.#incidents = new Worker('incident log', () => INCIDENTS_PAUSE_MS, () => options.flushIncidents(), log);
    this.#tidying = new Worker('removal of temporary files', about(TIDYING_PAUSE_MS), async () => {
      await tidy(deps);
      await options.dropUnneededKeys();
    }, log);
    this.#beat = new Worker('volume registry', () => BEAT_INTERVAL_MS, () => options.beat(), log);
  }

  start(): void {
    this.#started = true;
    for (const worker of this.#workers()) worker.start();
  }

  wake(): void {
    this.#catchUp.wake();
    this.#cleaning.wake();
    this.#settling.wake();
  }

  /**
   * Wakes the catch-up soon, because a file went to the disk. After a failure that does not concern S3 as a whole, nothing else
   * would wake it. During an outage an attempt costs nothing, and the end of the outage wakes all workers.
   */
  fellBack(): void {
    this.#wakeWithin(this.#catchUp, SOON_MS);
  }

  /** Wakes the settling soon while the project is leaving S3, because a file was written under an own name on this disk. */
  awaitsSettling(): void {
    if (this.deps.instance.leaving) this.#wakeWithin(this.#settling, SETTLED_SOON_MS);
  }

  noteIncident(): void {
    this.#incidents.wake();
  }

  /**
   * Ends the work, after a last attempt to send this disk's fallback files to S3: see {@link lastUploads}. All other work on files
   * ends at once, so that it takes neither time nor bandwidth from the uploads.
   */
  async stop(): Promise<void> {
    this.#stopped.abort();
    const others = [this.#cleaning, this.#settling, this.#tallies, this.#tidying].map((worker) => worker.stop());
    if (this.#started) await lastUploads(this.deps, this.#catchUp);
    await Promise.all([...others, ...[this.#catchUp, this.#incidents, this.#beat].map((worker) => worker.stop())]);
  }

  #wakeWithin(worker: Worker, ms: number): void {
    if (!this.#started || this.#soon.has(worker)) return;
    const { clock } = this.deps;
    this.#soon.add(worker);
    void clock.sleep(ms * (0.75 + clock.random() / 4), this.#stopped.signal).then(
      () => {
        this.#soon.delete(worker);
        worker.wake();
      },
      () => undefined, // the sleep rejects when housekeeping stops
    );
  }

  #workers(): Worker[] {
    return [this.#catchUp, this.#cleaning, this.#settling, this.#tallies, this.#incidents, this.#tidying, this.#beat];
  }
}

import { catchUp } from './catch-up';
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

/** How long each worker rests when nobody wakes it, in milliseconds; processes that began together drift apart. */
const CATCH_UP_PAUSE_MS = 5_000;
const CLEANING_PAUSE_MS = 60_000;
const INCIDENTS_PAUSE_MS = 60_000;
const TALLIES_PAUSE_MS = 60_000;
const SETTLING_PAUSE_MS = 60_000;
const TIDYING_PAUSE_MS = 3600_000;
/** At most so long after a file went to the disk it is tried again, in milliseconds; by then its request has published it. */
const SOON_MS = 2_000;
/** While S3 is being left, a file that was written gets its plain path at most so many milliseconds later; not sooner than the path has rested. */
const SETTLED_SOON_MS = 7_000;

export interface HousekeepingOptions {
  /** Files uploaded at once. */
  concurrency(): number;
  flushIncidents(): Promise<void>;
  /** Says that this process's disk is there. */
  beat(): Promise<void>;
  leases: Leases;
  /** Who this process is to the leases. */
  holder: string;
}

/**
 * The background work that is always on: fallback files to S3, buried keys and condemned names away, outages noted, tallies kept;
 * while S3 is being left also this disk's files to their plain paths.
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
  /** Those that a sleep is to wake. */
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
        if (uploaded > 0) log.info(`${uploaded} file(s) followed from the local disk to S3`);
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
      'return to plain paths',
      about(SETTLING_PAUSE_MS),
      (signal) => settleHere(deps, leases, options.concurrency(), signal),
      log,
    );
    this.#tallies = new Worker('tallies', about(TALLIES_PAUSE_MS), () => tallies.run(), log);
    this.#incidents = new Worker('incident log', () => INCIDENTS_PAUSE_MS, () => options.flushIncidents(), log);
    this.#tidying = new Worker('removal of temporary files', about(TIDYING_PAUSE_MS), () => tidy(deps), log);
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
   * A file went to the disk. After a failure that is none of S3's as a whole nothing else says when to try again; during
   * an outage the try costs nothing, and the end of the outage wakes all.
   */
  fellBack(): void {
    this.#wakeWithin(this.#catchUp, SOON_MS);
  }

  /** A file has come to lie under a name of its own on this disk. */
  awaitsSettling(): void {
    if (this.deps.instance.leaving) this.#wakeWithin(this.#settling, SETTLED_SOON_MS);
  }

  noteIncident(): void {
    this.#incidents.wake();
  }

  /**
   * Ends the work, with a last try to bring this disk's fallback files to S3: see {@link lastUploads}. All other work on files ends
   * at once, so that it takes neither time nor bandwidth from that.
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
      () => undefined, // stopped
    );
  }

  #workers(): Worker[] {
    return [this.#catchUp, this.#cleaning, this.#settling, this.#tallies, this.#incidents, this.#tidying, this.#beat];
  }
}

import type { LedgerRow } from '../../ledger/state';
import type { Job, JobContext, JobOutcome } from '../../runner/job';
import type { RestoreDeps } from '../restore/deps';
import { Fetching, fetchInS3Only } from '../restore/fetch';
import type { LibraryRange } from '../restore/library-range';
import type { Room } from '../restore/room';
import { sizeOf } from '../sizes';
import { CopyCheck } from './check-copies';
import { CountedOnce } from './counted-once';
import { settleAll, settleRow, type Settled } from './settle';

/**
 * Leaving S3. The job is complete when Strapi finds every file on this disk without the plugin. A run fetches the files that are in
 * S3 only, then checks the copies on this disk, then settles the files. The API runs it as `restore`.
 */
export function leaveJob(deps: RestoreDeps, room: Room, range: LibraryRange): Pick<Job, 'warning' | 'isComplete' | 'run'> {
  const memory = { copies: new CopyCheck(deps), counted: new CountedOnce(deps) };

  return {
    // Strapi without the plugin serves from one folder, so files on another disk would be out of its reach
    warning: async () => {
      const others = (await deps.registry.list()).filter(({ id, vanished }) => !vanished && id !== deps.volume.id);
      return others.length > 0 ? 'OTHER_DISK_IN_USE' : null;
    },

    isComplete: async (_range, lastRun) => {
      // the ledger does not know whether a copy is gone or changed; only a run that came to its end has looked at all of them
      if (lastRun !== undefined && lastRun?.status !== 'complete') return false;
      return (await deps.ledger.leftToSettle(deps.volume.id)) === undefined && !(await deps.ledger.copiesElsewhere(deps.volume.id));
    },

    run: async (context) => {
      const { options, progress } = context;
      if (options.fromStart) {
        memory.copies.anew();
        memory.counted.anew();
      }
      await memory.counted.expectRest(progress);
      const steps = new Steps(deps, context, room, memory);
      const fetched = await steps.fetch(range);
      if (!deps.instance.leaving) return fetched;
      const outcome = worstOf([fetched, await steps.checkCopies(), await steps.settle()]);
      if (outcome.status === 'complete' && options.maxId === null) progress.completed();
      return outcome;
    },
  };
}

/** The steps of one run. */
class Steps {
  readonly #fetching: Fetching;

  constructor(
    private readonly deps: RestoreDeps,
    private readonly context: JobContext,
    room: Room,
    /** The memory that is kept from one run to the next. */
    private readonly memory: { readonly copies: CopyCheck; readonly counted: CountedOnce },
  ) {
    this.#fetching = new Fetching(deps, context, { fits: (bytes) => room.fits(bytes), onBack: (row) => this.#settleAtOnce(row) });
  }

  /** Step 1: fetches every file that is in S3 only, or those of a range of the media library, to this disk. */
  fetch(range: LibraryRange): Promise<JobOutcome> {
    return fetchInS3Only(this.#fetching, this.context, range);
  }

  /**
   * Step 2: reads and compares each copy on this disk, and fetches it again where it differs from the ledger. It checks the whole
   * library even if the run is for a range, because Strapi without the plugin has to find every file.
   */
  checkCopies(): Promise<JobOutcome> {
    const { context, memory } = this;
    const wanting = memory.copies.batches(context, (found) => memory.counted.found(found, context.progress));
    return this.#fetching.rows(wanting, () => memory.copies.left(context.halt));
  }

  /** Step 3: gives every file of this disk its plain path. */
  settle(): Promise<JobOutcome> {
    const { options, signal, halt, commit } = this.context;
    return settleAll(this.deps, { ...options, signal, halt, onResult: (result, row) => this.#count(result, row), afterBatch: commit });
  }

  /** Settles a file that was fetched, and counts it when it has its plain path. */
  async #settleAtOnce(fetched: LedgerRow): Promise<void> {
    if (!this.deps.instance.leaving) return this.context.progress.done(sizeOf(fetched));
    const row = await this.deps.ledger.find(fetched.key);
    if (row) this.#count(await settleRow(this.deps, row, this.context.halt), row);
  }

  #count(result: Settled, row: LedgerRow): void {
    if (typeof result === 'object') this.context.progress.failed();
    else if (result === 'settled') this.memory.counted.arrived(row, this.context.progress);
  }
}

/** Returns the outcome of the run. A step that paused outranks one that failed, because it goes on in the next run. */
function worstOf(outcomes: readonly [JobOutcome, ...JobOutcome[]]): JobOutcome {
  const first = (status: JobOutcome['status']) => outcomes.find((outcome) => outcome.status === status);
  return first('paused') ?? first('failed') ?? outcomes[0];
}

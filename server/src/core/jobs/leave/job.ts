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
 * Leaving S3: the run is complete when Strapi finds every file on this disk without the plugin. It fetches what is in S3 only, then
 * checks the copies on this disk, then settles the files onto their plain paths. People know it as `restore`.
 */
export function leaveJob(deps: RestoreDeps, room: Room, range: LibraryRange): Pick<Job, 'warning' | 'isComplete' | 'run'> {
  const memory = { copies: new CopyCheck(deps), counted: new CountedOnce(deps) };

  return {
    // plain Strapi has one folder
    warning: async () => {
      const others = (await deps.registry.list()).filter(({ id, vanished }) => !vanished && id !== deps.volume.id);
      return others.length > 0 ? 'OTHER_DISK_IN_USE' : null;
    },

    isComplete: async (_range, lastRun) => {
      // copies that are gone or changed the ledger does not know: only a run looks at them, and not before its end at all
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
    /** What is remembered from one run to the next. */
    private readonly memory: { readonly copies: CopyCheck; readonly counted: CountedOnce },
  ) {
    this.#fetching = new Fetching(deps, context, { fits: (bytes) => room.fits(bytes), onBack: (row) => this.#settleAtOnce(row) });
  }

  /** 1: every file that is in S3 only, or those of a range of the media library, comes to this disk. */
  fetch(range: LibraryRange): Promise<JobOutcome> {
    return fetchInS3Only(this.#fetching, this.context, range);
  }

  /**
   * 2: each copy on this disk is read and compared, and fetched again where it is not what the ledger says. The whole library is
   * looked at, also where the run is for a range of it, as plain Strapi is to find every file.
   */
  checkCopies(): Promise<JobOutcome> {
    const { context, memory } = this;
    const wanting = memory.copies.batches(context, (found) => memory.counted.found(found, context.progress));
    return this.#fetching.rows(wanting, () => memory.copies.left(context.halt));
  }

  /** 3: every file of this disk gets its plain path. */
  settle(): Promise<JobOutcome> {
    const { options, signal, halt, commit } = this.context;
    return settleAll(this.deps, { ...options, signal, halt, onResult: (result, row) => this.#count(result, row), afterBatch: commit });
  }

  /** A file counts when it is where it is to stay. */
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

/** What is paused goes on in the next run, so it comes before what has failed. */
function worstOf(outcomes: readonly [JobOutcome, ...JobOutcome[]]): JobOutcome {
  const first = (status: JobOutcome['status']) => outcomes.find((outcome) => outcome.status === status);
  return first('paused') ?? first('failed') ?? outcomes[0];
}

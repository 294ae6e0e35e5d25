import type { ErrorCode } from '../../../contracts/errors';
import type { LedgerRow } from '../../ledger/state';
import type { MoveParts } from '../deps';
import type { MediaLibrary } from '../../media/library';
import { CopyCheck } from '../leave/check-copies';
import { isDiskThere } from '../../volumes/disk-there';
import { reserveOf, spaceOf, type DiskSpace } from '../../store/local/free-space';
import type { VolumeRegistry } from '../../volumes/registry';
import type { Job, JobContext, JobOutcome } from '../../runner/job';
import { LibraryRange } from './library-range';
import { bytesOf, Restoring } from './fetch';
import { settleAll, settleRow, type Settled, type SettleParts } from '../leave/settle';
import { WayOut } from '../leave/counted-once';

export type RestoreDeps = SettleParts & { readonly library: MediaLibrary; readonly registry: Pick<VolumeRegistry, 'list'> };

export interface RestoreDisk {
  /** The room on the disk of the uploads folder. */
  space(): Promise<DiskSpace>;
  /** What is to stay free of it, in bytes. */
  reserve(space: DiskSpace): number;
}

/**
 * Brings the files that are in S3 only back to this disk, all or those of a range of the media library. While S3 is on its way
 * out it then settles this disk's files onto their plain paths, and is complete when Strapi finds them all without the plugin.
 */
export function restoreJob(deps: RestoreDeps, disk: Partial<RestoreDisk> = {}): Job {
  const { space = () => spaceOf(deps.volume.root), reserve = reserveOf } = disk;
  const lacking = async (bytes: number) => {
    const found = await space();
    return Math.max(0, bytes + reserve(found) - found.free);
  };
  const range = new LibraryRange(deps);
  const copies = new CopyCheck(deps);
  const wayOut = new WayOut(deps);

  return {
    name: 'restore',
    scope: 'library',

    blockedBy: async ({ dryRun, maxId }): Promise<ErrorCode | null> => {
      const { remote } = await deps.ledger.tallies();
      if (remote.count === 0) return null;
      if (!deps.buckets.breaker) return 'UNAVAILABLE';
      // how much a range comes to, only going through it tells: each batch is looked at instead
      return !dryRun && maxId === null && (await lacking(remote.bytes)) > 0 ? 'DISK_TOO_SMALL' : null;
    },

    // plain Strapi has one folder
    warning: async () => {
      if (!deps.instance.leaving) return null;
      const others = (await deps.registry.list()).filter(({ id, vanished }) => !vanished && id !== deps.volume.id);
      return others.length > 0 ? 'OTHER_DISK_IN_USE' : null;
    },

    isComplete: async (_range, lastRun) => {
      if ((await deps.ledger.tallies()).remote.count > 0) return false;
      if (!deps.instance.leaving) return !(await deps.ledger.isEmpty());
      // copies that are gone or changed the ledger does not know: only a run looks at them, and not before its end at all
      if (lastRun !== undefined && lastRun?.status !== 'complete') return false;
      return (await deps.ledger.leftToSettle(deps.volume.id)) === undefined && !(await deps.ledger.copiesElsewhere(deps.volume.id));
    },

    run: async (context): Promise<JobOutcome> => {
      const { maxId, dryRun } = context.options;
      if (dryRun) return foresee(deps, context, maxId === null ? undefined : range.all(maxId, context), lacking);
      // on an empty mount point all would be fetched, and the ledger would forget the copies on the disk that belongs there
      if (!(await isDiskThere(deps))) return { status: 'paused', code: 'DISK_ERROR' };
      const { options, signal, halt, commit, progress } = context;
      const onSettled = (result: Settled, row: LedgerRow) => {
        if (typeof result === 'object') progress.failed();
        else if (result === 'settled') wayOut.arrived(bytesOf([row]), progress);
      };
      const restoring = new Restoring(deps, context, async (bytes) => (await lacking(bytes)) === 0, async ({ key, placement }) => {
        if (!deps.instance.leaving) return progress.done(placement.content.size);
        // at once: a file counts when it is where it is to stay
        const row = await deps.ledger.find(key);
        if (row) onSettled(await settleRow(deps, row, halt), row);
      });
      if (options.fromStart) {
        copies.anew();
        wayOut.anew();
      }
      if (deps.instance.leaving) await wayOut.expectRest(progress);
      const restored = await (maxId === null ? restoring.all() : restoring.rows(range.batches(maxId, context), () => range.left()));
      if (restored.status === 'complete') range.ended();
      if (!deps.instance.leaving) return restored;
      // of the whole library, also for a range of it: plain Strapi is to find every file
      const wanting = copies.batches(context, (found) => wayOut.found(found, progress));
      const checked = await restoring.rows(wanting, () => copies.left(halt), true);
      const settled = await settleAll(deps, {
        ...options,
        signal,
        halt,
        onResult: onSettled,
        afterBatch: commit,
      });
      const outcomes = [restored, checked, settled];
      const outcome = outcomes.find(({ status }) => status === 'paused') ?? outcomes.find(({ status }) => status === 'failed') ?? settled;
      if (outcome.status === 'complete' && maxId === null) progress.completed();
      return outcome;
    },
  };
}

/** The numbers of a run, and whether the disk has room for it; nothing is changed. */
async function foresee(
  { ledger }: MoveParts,
  { progress, report, commit, signal }: JobContext,
  batches: AsyncIterable<readonly LedgerRow[]> | undefined,
  lacking: (bytes: number) => Promise<number>,
): Promise<JobOutcome> {
  let { count, bytes } = (await ledger.tallies()).remote;
  if (batches) {
    count = 0;
    bytes = 0;
    for await (const rows of batches) {
      count += rows.length;
      bytes += bytesOf(rows);
    }
  }
  progress.expect(count, bytes);
  progress.requested('get', count);
  const size = await lacking(bytes);
  // of no one file: so many bytes more must be free
  if (size > 0) await report([{ kind: 'failed', key: null, name: null, size, code: 'DISK_TOO_SMALL', action: 'none', applied: false }]);
  await commit();
  return signal.aborted ? { status: 'paused', code: null } : { status: 'complete' };
}

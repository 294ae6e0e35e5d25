import type { Job } from '../../runner/job';
import { isDiskThere } from '../../volumes/disk-there';
import { leaveJob } from '../leave/job';
import { sizeOf } from '../sizes';
import type { RestoreDeps } from './deps';
import { Fetching, fetchInS3Only } from './fetch';
import { foresee } from './foresee';
import { LibraryRange } from './library-range';
import { Room, type RestoreDisk } from './room';

export type { RestoreDisk } from './room';

/**
 * The job that people know as `restore`. It fetches the files that are in S3 only to this disk: all of them, or those of a range of
 * the media library. While the project is leaving S3, it runs the job of leaving instead.
 */
export function restoreJob(deps: RestoreDeps, disk: Partial<RestoreDisk> = {}): Job {
  const room = new Room(deps.volume, disk);
  const range = new LibraryRange(deps);
  const [plain, leave] = [plainRestore(deps, room, range), leaveJob(deps, room, range)];
  const present = () => (deps.instance.leaving ? leave : plain);

  return {
    name: 'restore',
    scope: 'library',

    blockedBy: async ({ dryRun, maxId }) => {
      const { remote } = await deps.ledger.tallies();
      if (remote.count === 0) return null;
      if (!deps.buckets.breaker) return 'UNAVAILABLE';
      // the size of a range is known only after going through it, so the room for each batch is checked instead
      return !dryRun && maxId === null && !(await room.fits(remote.bytes)) ? 'DISK_TOO_SMALL' : null;
    },

    warning: async () => (await present().warning?.()) ?? null,
    isComplete: async (...of) => (await deps.ledger.tallies()).remote.count === 0 && present().isComplete(...of),

    run: async (context) => {
      const { maxId, dryRun } = context.options;
      if (dryRun) return foresee(deps, context, room, maxId === null ? undefined : range.all(maxId, context));
      // on an empty mount point all files would be fetched, and the ledger would forget the copies on the disk that belongs there
      if (!(await isDiskThere(deps))) return { status: 'paused', code: 'DISK_ERROR' };
      const first = present();
      const outcome = await first.run(context);
      // somebody has decided to leave S3 while this run fetched files
      return first === plain && deps.instance.leaving ? leave.run(context) : outcome;
    },
  };
}

function plainRestore(deps: RestoreDeps, room: Room, range: LibraryRange): Pick<Job, 'warning' | 'isComplete' | 'run'> {
  return {
    isComplete: async () => !(await deps.ledger.isEmpty()),
    run: (context) => {
      const fetching = new Fetching(deps, context, {
        fits: (bytes) => room.fits(bytes),
        onBack: async (row) => context.progress.done(sizeOf(row)),
      });
      return fetchInS3Only(fetching, context, range);
    },
  };
}

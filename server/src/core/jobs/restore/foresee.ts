import type { LedgerRow } from '../../ledger/state';
import type { MoveParts } from '../deps';
import type { JobContext, JobOutcome } from '../../runner/job';
import { bytesOf } from '../sizes';
import type { Room } from './room';

/**
 * The dry run of a restore. It counts the files, checks whether the disk has room for them, and changes nothing.
 * @param batches the rows of a range of the library; by default all files that are in S3 only
 */
export async function foresee({ ledger }: MoveParts, { progress, report, commit, signal }: JobContext, room: Room, batches?: AsyncIterable<readonly LedgerRow[]>): Promise<JobOutcome> {
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
  const size = await room.lacking(bytes);
  // this finding is about the whole disk, and its size is the number of bytes that must still be freed
  if (size > 0) await report([{ kind: 'failed', key: null, name: null, size, code: 'DISK_TOO_SMALL', action: 'none', applied: false }]);
  await commit();
  return signal.aborted ? { status: 'paused', code: null } : { status: 'complete' };
}

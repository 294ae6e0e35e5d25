import type { ObjectKey } from '../../keys';
import { paused } from '../outcome';
import { hasGivenUp } from '../../ledger/given-up';
import { AT_ONCE } from '../../pool/at-once';
import type { JobContext, JobOutcome } from '../../runner/job';
import type { JobDeps } from '../deps';
import { sizeOf } from '../sizes';

/** The dry run of phase 2. It counts in the ledger what would be freed on this disk, asks S3 nothing, and changes nothing. */
export async function planCleanup({ ledger, volume }: JobDeps, { progress, signal, commit, report }: JobContext): Promise<JobOutcome> {
  for (let after: ObjectKey | null = null; !signal.aborted; ) {
    const rows = await ledger.scan({ work: 'cleanup', volume: volume.id }, after, AT_ONCE.page);
    for (const row of rows) {
      const size = sizeOf(row);
      if (row.lastError) await report([{ kind: 'failed', key: row.key, name: null, size, code: row.lastError, action: 'none', applied: false }]);
      if (hasGivenUp(row)) {
        progress.skipped('GIVEN_UP', size);
      } else {
        progress.expect(1, size);
        progress.requested('get');
      }
    }
    await commit();
    const last = rows.at(-1);
    if (!last || rows.length < AT_ONCE.page) return { status: 'complete' };
    after = last.key;
  }
  return paused(null);
}

import type { ErrorCode } from '../../../contracts/errors';
import { StorageError } from '../../errors';
import { plainObjectName, type ObjectKey } from '../../keys';
import { isIn, type LedgerRow } from '../../ledger/state';
import { seenUnder } from '../../buckets/send';
import { paused, interrupted } from '../outcome';
import { hasGivenUp } from '../../ledger/given-up';
import { AT_ONCE } from '../../pool/at-once';
import { forEach } from '../../pool/for-each';
import { pace } from '../pace';
import type { JobContext, JobOutcome, NewFinding } from '../../runner/job';
import type { JobDeps } from '../deps';
import { elsewhereIn, keysOf, usable } from '../library-keys';
import { lookOnDisk } from '../on-disk';

/** The dry run of phase 1. It reports what phase 1 would do, and why it would leave files out. It changes nothing. */
export async function planUpload(deps: JobDeps, context: JobContext): Promise<JobOutcome> {
  const { options, progress, signal } = context;
  try {
    for (let after = 0; !signal.aborted; ) {
      const files = await deps.library.page({ after, limit: AT_ONCE.page, maxId: null });
      const beyond = files.filter(({ id }) => options.maxId !== null && id > options.maxId);
      const names = beyond.reduce((total, file) => total + file.names.length, 0);
      if (names > 0) progress.skipped('BEYOND_MAX_ID', 0, names);
      const within = files.slice(0, files.length - beyond.length);
      const { keys } = keysOf(within, progress);
      await context.report(elsewhereIn(within));
      const ended = files.length < AT_ONCE.page;
      if (ended) keys.push(...usable(await deps.library.logos(), progress));
      await plan(deps, context, keys);
      await context.commit();
      if (ended) return { status: 'complete' };
      after = files.at(-1)?.id ?? after;
    }
    return paused(null);
  } catch (error) {
    return interrupted(error);
  }
}

async function plan(deps: JobDeps, context: JobContext, keys: readonly ObjectKey[]): Promise<void> {
  const { progress, options, signal } = context;
  const rows = new Map((await deps.ledger.rowsOf(keys)).map((row) => [row.key, row]));
  const findings: NewFinding[] = [];
  const noted = (kind: 'missing' | 'failed', key: ObjectKey, size: number | null, code: ErrorCode) =>
    void findings.push({ kind, key, name: null, size, code, action: 'none', applied: false });
  const withoutBytes: ObjectKey[] = [];
  for (const key of keys) {
    const row = rows.get(key);
    if (!row || (isIn(row, 'new') && !row.tombstone)) {
      withoutBytes.push(key);
    } else {
      planKnown(deps, context, row);
      if (row.lastError && isIn(row, 'local')) noted('failed', key, row.placement.content.size, row.lastError);
    }
  }
  const { found, absent, unknown } = await lookOnDisk(deps, withoutBytes);
  for (const [key, size] of found) wouldUpload(deps, context, size, rows.get(key)?.plainUsed ?? false);
  for (const [key, code] of unknown) noted('missing', key, null, code);
  const paced = pace(deps, options.concurrency);
  await forEach(absent, options.concurrency, (key) => paced(async () => {
    if (signal.aborted) throw new StorageError('ABORTED', { operation: 'plan', subject: key, refused: true });
    const bucket = deps.buckets.writable;
    const spent = rows.get(key)?.plainUsed ?? false;
    const seen = bucket && !spent ? await seenUnder(bucket.store, plainObjectName(bucket.prefix, key), signal) : 'nothing';
    if (typeof seen === 'object') {
      progress.skipped('IN_S3', seen.size);
      progress.requested('get');
    } else {
      noted('missing', key, null, 'NOT_ON_DISK');
    }
  }));
  const missing = findings.filter(({ kind }) => kind === 'missing').length;
  if (missing > 0) progress.skipped('MISSING', 0, missing);
  await context.report(findings);
}

/** Counts a file that is deleted, or whose bytes the ledger knows. */
function planKnown(deps: JobDeps, context: JobContext, row: LedgerRow): void {
  const { progress } = context;
  const { placement } = row;
  const size = 'content' in placement ? placement.content.size : 0;
  if (row.tombstone || placement.state === 'gone') progress.skipped('IN_TRASH', size);
  else if (placement.state !== 'local') progress.skipped('IN_S3', size);
  else if (placement.local.volume !== deps.volume.id) progress.skipped('OTHER_DISK', size);
  else if (hasGivenUp(row)) progress.skipped('GIVEN_UP', size);
  // a file that a read-only instance wrote is never uploaded by itself
  else if (row.origin !== 'read-only') wouldUpload(deps, context, size, row.plainUsed);
}

function wouldUpload({ buckets }: JobDeps, { progress }: JobContext, size: number, plainUsed: boolean): void {
  const proof = buckets.writable?.proof.known;
  progress.expect(1, size);
  if (!plainUsed) progress.requested('head');
  progress.requested('put');
  if (proof === 'checksum') progress.requested('head');
  if (proof === 'bytes') progress.requested('get');
}

import type { ErrorCode } from '../../../contracts/errors';
import { isNoAnswer, isStorageError, StorageError } from '../../errors';
import { plainLocalName, type ObjectKey, type VolumeId } from '../../keys';
import { isIn } from '../../ledger/state';
import { adoptFrom } from '../../media/adoption';
import { requireDisk } from '../../volumes/disk-there';
import { AT_ONCE } from '../../pool/at-once';
import { forEach } from '../../pool/for-each';
import { pace } from '../pace';
import { NO_INVENTORY, UNLIMITED } from '../../ledger/inventories';
import type { JobContext, JobOptions } from '../../runner/job';
import type { JobDeps } from '../deps';
import { elsewhereIn, keysOf, usable } from '../library-keys';
import { lookOnDisk } from '../on-disk';
import type { RunProgress } from '../../runner/run-progress';

/**
 * Makes the library's files known to the ledger: those on this disk, and those that only the bucket has. It goes on after the last
 * page that was looked at. A page that is looked at twice does no harm.
 * @returns whether it came to the end of the range; false when the signal has aborted
 * @throws StorageError when S3 is away, and DISK_ERROR when the disk is not there. Neither proves anything about a file.
 */
export async function takeInventory(deps: JobDeps, context: JobContext): Promise<boolean> {
  const { options, signal, progress } = context;
  // this comes before the id is written again: on an empty mount point every file would be noted as missing
  await requireDisk(deps, 'inventory');
  const volume = await deps.volume.refresh();
  let inventory = await deps.inventories.of(volume);
  if (options.fromStart) inventory = { ...NO_INVENTORY, generation: inventory.generation };
  for (let ended = false; !signal.aborted; ) {
    // this comes before the first page as well, because `retry` can only restart an inventory that is stored
    const saved = await deps.inventories.save(volume, inventory);
    if (saved && ended) return true;
    if (!saved) inventory = await deps.inventories.of(volume);
    const files = await deps.library.page({ after: inventory.position, limit: AT_ONCE.page, maxId: options.maxId });
    const { keys, otherProviders } = keysOf(files, progress);
    await context.report(elsewhereIn(files));
    ended = files.length < AT_ONCE.page;
    if (ended) keys.push(...usable(await deps.library.logos(), progress));
    const missing = await lookAt(deps, context, volume, keys);
    inventory = {
      ...inventory,
      position: files.at(-1)?.id ?? inventory.position,
      completedTo: ended ? (options.maxId ?? UNLIMITED) : null,
      otherProviders: inventory.otherProviders + otherProviders,
      missing: inventory.missing + missing,
    };
    await context.commit();
  }
  return false;
}

/**
 * Whether the inventory of this disk came to the end of this range, or of its last range by default. Files that were uploaded since
 * need no inventory, because the ledger knows them.
 */
export async function inventoryEnded({ inventories, volume }: JobDeps, range?: Pick<JobOptions, 'maxId'>): Promise<boolean> {
  const { completedTo } = await inventories.of(volume.id);
  return completedTo !== null && (range === undefined || completedTo >= (range.maxId ?? UNLIMITED));
}

/** Looks for the files of one page. @returns how many were found nowhere */
async function lookAt(deps: JobDeps, context: JobContext, volume: VolumeId, keys: readonly ObjectKey[]): Promise<number> {
  const { ledger } = deps;
  const { progress, options, signal } = context;
  const { found, absent, unknown } = await lookOnDisk(deps, keys);
  // if the disk was unmounted meanwhile, the object under a plain name may be older than the file on the disk
  if (absent.length > 0) await requireDisk(deps, 'inventory');
  if (found.size > 0) await ledger.record([...found].map(([key, size]) => ({ key, local: { volume, localName: plainLocalName(key) }, size })));
  const notFound = [...absent, ...unknown.keys()];
  if (notFound.length === 0) return 0;
  const rows = new Map((await ledger.rowsOf(notFound)).map((row) => [row.key, row]));
  const missing = new Map<ObjectKey, ErrorCode>();
  const paced = pace(deps, options.concurrency);
  await forEach(notFound, options.concurrency, (key) => paced(async () => {
    // the next run looks at the page again
    if (signal.aborted) throw new StorageError('ABORTED', { operation: 'inventory', subject: key, refused: true });
    const row = rows.get(key);
    if (isIn(row, 'local') && row.placement.local.volume !== volume) progress.skipped('OTHER_DISK', row.placement.content.size);
    if (row && (!isIn(row, 'new') || row.tombstone)) return;
    // an object is not adopted if a write of the plugin may have put it there, nor if the disk does not say whether it has the file
    const why = unknown.get(key) ?? (row?.plainUsed ? 'NOT_ON_DISK' : await adopt(deps, progress, key));
    if (why) missing.set(key, why);
  }));
  return noteMissing(deps, context, missing);
}

/** Adopts the object of a key. @returns why that failed; null when it was adopted */
async function adopt({ buckets, ledger, rows }: JobDeps, progress: RunProgress, key: ObjectKey): Promise<ErrorCode | null> {
  const bucket = buckets.writable;
  if (!bucket) throw new StorageError('READ_ONLY', { operation: 'adopt', subject: key });
  try {
    const size = await adoptFrom(bucket, ledger, key);
    rows.forget([key]);
    if (size === undefined) return 'NOT_ON_DISK';
    progress.done(size);
    return null;
  } catch (error) {
    if (!isStorageError(error) || isNoAnswer(error)) throw error;
    return error.code === 'OBJECT_NOT_FOUND' ? 'NOT_ON_DISK' : error.code;
  }
}

async function noteMissing({ ledger }: JobDeps, { progress, report }: JobContext, missing: ReadonlyMap<ObjectKey, ErrorCode>): Promise<number> {
  let count = 0;
  for (const code of new Set(missing.values())) {
    const keys = [...missing.keys()].filter((key) => missing.get(key) === code);
    count += await ledger.recordMissing(keys, code);
    await report(keys.map((key) => ({ kind: 'missing', key, name: null, size: null, code, action: 'none', applied: false })));
  }
  if (count > 0) progress.skipped('MISSING', 0, count);
  return count;
}

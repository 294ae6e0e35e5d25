import { isStorageError } from '../../errors';
import { parseKey, plainLocalName, plainObjectName, type ObjectKey } from '../../keys';
import { isIn } from '../../ledger/state';
import type { LocalStore } from '../../store/local/local-store';
import { elsewhereIn } from '../library-keys';
import type { AuditRun } from './audit-run';
import { Suspects } from './suspects';

/** Files of the media library in one page. */
const PAGE = 200;

/** Goes through the media library and reports the files that have no bytes anywhere. */
export async function auditLibrary(run: AuditRun): Promise<void> {
  const { library } = run.deps;
  const suspects = new Suspects<Missing>((missing) => reportListed(run, missing));
  let after = 0;
  for (;;) {
    if (run.stopped) return;
    const files = await library.page({ after, limit: PAGE, maxId: run.context.options.maxId });
    for (const finding of elsewhereIn(files)) await run.note(finding);
    const names = files.filter(({ provider }) => provider === 'local').flatMap((file) => file.names);
    suspects.add(...(await missingOf(run, names)));
    await suspects.judgeMany();
    await run.commit();
    if (files.length < PAGE) break;
    after = files[files.length - 1]?.id ?? after;
  }
  suspects.add(...(await missingOf(run, await library.logos())));
  await suspects.judgeAll();
  await run.commit();
}

/** Returns the names that have no bytes, as far as this process can see. */
async function missingOf(run: AuditRun, names: readonly string[]): Promise<Missing[]> {
  const { ledger, disk } = run.deps;
  const keys = [...new Set(names.flatMap(usableKey))];
  const withBytes = new Set((await ledger.rowsOf(keys)).filter((row) => isIn(row, 'local', 'both', 'remote')).map(({ key }) => key));
  const missing: Missing[] = [];
  for (const key of keys) {
    if (withBytes.has(key) || run.stopped) continue;
    // a file on the disk is left to the inventory
    if (!(await mayBeOnDisk(disk, key))) missing.push(...(await lookInBucket(run, key)));
  }
  return missing;
}

/** Reports the missing files that the library still lists. */
async function reportListed(run: AuditRun, missing: readonly Missing[]): Promise<void> {
  const listed = await run.listed(missing.map(({ key }) => key));
  for (const { key, isLost } of missing) if (!run.stopped && listed.has(key)) await report(run, key, isLost);
}

interface Missing {
  readonly key: ObjectKey;
  /** Whether it is proven that the bytes are nowhere. */
  readonly isLost: boolean;
}

async function lookInBucket(run: AuditRun, key: ObjectKey): Promise<Missing[]> {
  const present = run.deps.buckets.readable;
  const store = present && run.reached.get(present.locationId);
  const object = store ? await run.head(store, plainObjectName(present.prefix, key)) : 'unknown';
  // the object is there, and its first reader adopts it
  if (typeof object === 'object') return [];
  return [{ key, isLost: object === 'missing' && (await run.isDiskThere()) && (await run.isNowhereElse(key)) }];
}

/** Reports the key, unless it has bytes by now. */
async function report(run: AuditRun, key: ObjectKey, isLost: boolean): Promise<void> {
  if (isIn(await run.deps.ledger.find(key), 'local', 'both', 'remote')) return;
  const finding = { key, name: null, size: null };
  if (!isLost) return run.note({ ...finding, kind: 'missing', code: 'NOT_ON_DISK', action: 'none' });
  await run.note({ ...finding, kind: 'lost', code: 'LOST', action: 'mark-lost' }, async () => {
    await run.deps.ledger.recordMissing([key], 'LOST');
    return true;
  });
}

async function mayBeOnDisk(disk: LocalStore, key: ObjectKey): Promise<boolean> {
  try {
    return await disk.exists(plainLocalName(key));
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return true;
  }
}

/** Returns the key of a name, or nothing: the inventory counts the names that cannot be keys. */
function usableKey(name: string): ObjectKey[] {
  try {
    return [parseKey(name)];
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return [];
  }
}

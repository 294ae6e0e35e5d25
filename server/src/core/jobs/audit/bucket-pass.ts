import { isNoAnswer, isStorageError, StorageError } from '../../errors';
import { keysOfObjectName, plainObjectName, type ObjectName } from '../../keys';
import type { LocationId, PlacedName, RemoteCopy } from '../../ledger/words';
import { remoteOf, type LedgerRow } from '../../ledger/state';
import { nameId } from '../../ledger/transitions';
import type { ListedObject, ObjectStore } from '../../store/object-store';
import { AT_ONCE } from '../../pool/at-once';
import { isAwayAlone } from '../../buckets/stand-in';
import type { AuditRun } from './audit-run';
import { Suspects } from './suspects';

/** Beginning of the names of the plugin's own objects: probes and the owner's marker. No key begins like this. */
const SERVICE = '.s3-storage-';

/**
 * Lists every bucket that the ledger has objects in and that the settings reach. It marks the rows whose object is as it was
 * stored as seen, and reports an object that nobody knows. The pass through the ledger looks at the rows that were not seen.
 */
export async function auditBuckets(run: AuditRun): Promise<void> {
  const { deps } = run;
  for (const location of await deps.ledger.locations()) {
    if (run.stopped) return;
    const place = `${location.endpoint || 's3'}/${location.bucket}`;
    const store = deps.buckets.storeAt(location.id);
    if (!store) {
      await run.noteUnseen(place, new StorageError('UNAVAILABLE'));
      continue;
    }
    try {
      await listAll(run, location.id, store);
      run.reached.set(location.id, store);
    } catch (error) {
      run.bucketUnseen = true;
      if (!isStorageError(error) || (isNoAnswer(error) && !isAwayAlone(deps.buckets, location.id, error))) throw error;
      await run.noteUnseen(place, error);
      // the bucket gives no listing, but the audit can still ask for its objects one by one
      if (isStorageError(error, 'ACCESS_DENIED', 'UNSUPPORTED')) run.reached.set(location.id, store);
    }
    await run.commit();
  }
}

async function listAll(run: AuditRun, id: LocationId, store: ObjectStore): Promise<void> {
  const { signal, progress } = run.context;
  const prefix = run.deps.buckets.readable?.prefix ?? '';
  const suspects = new Suspects<ListedObject>((objects) => reportOrphans(run, id, prefix, objects));
  let after: string | undefined;
  do {
    progress.requested('list');
    const page = await store.list(prefix, { after, limit: AT_ONCE.listed, signal });
    suspects.add(...(await suspectsOf(run, id, prefix, page.objects)));
    await suspects.judgeMany();
    await run.commit();
    after = page.next ?? undefined;
  } while (after !== undefined && !run.stopped);
  if (!run.stopped) await suspects.judgeAll();
}

/**
 * Marks the objects that are as they were stored as seen, unless only a HEAD tells whether they can be read.
 * @returns the objects that belong to no row and to no write
 */
async function suspectsOf(run: AuditRun, locationId: LocationId, prefix: string, page: readonly ListedObject[]): Promise<ListedObject[]> {
  const objects = page.filter(({ name }) => !name.startsWith(`${prefix}${SERVICE}`));
  const live = await liveObjects(run, locationId, prefix, objects);
  const seen = objects.flatMap((object) => {
    const row = live.get(object.name as ObjectName);
    return row && !object.mayBeArchived && isAsStored(row, object) ? [row] : [];
  });
  if (seen.length > 0) {
    run.proven.add(locationId);
    await run.deps.ledger.markSeen(seen.map(({ key }) => key), run.context.runId);
    for (const { placement } of seen) run.context.progress.done('content' in placement ? placement.content.size : 0);
  }
  return unrecorded(run, locationId, prefix, objects.filter(({ name }) => !live.has(name as ObjectName)));
}

/** Returns the objects that belong to no write and to no row. */
async function unrecorded(run: AuditRun, locationId: LocationId, prefix: string, objects: readonly ListedObject[]): Promise<ListedObject[]> {
  if (objects.length === 0) return [];
  const place = ({ name }: ListedObject): PlacedName => ({ kind: 'object', name: name as ObjectName, locationId });
  const recorded = await run.deps.ledger.recordedNames(objects.map(place));
  const rest = objects.filter((object) => !recorded.has(nameId(place(object))));
  const live = await liveObjects(run, locationId, prefix, rest);
  return rest.filter(({ name }) => !live.has(name as ObjectName));
}

async function reportOrphans(run: AuditRun, locationId: LocationId, prefix: string, suspects: readonly ListedObject[]): Promise<void> {
  // an object that the library lists and the ledger does not know yet is no orphan: its first reader, or phase 1, adopts it
  const plainKeys = ({ name }: ListedObject) => keysOfObjectName(prefix, name).filter((key) => plainObjectName(prefix, key) === name);
  const awaited = new Set(await run.listed(suspects.flatMap(plainKeys)));
  // this asks again, because a name may become live or condemned between two questions
  const unknown = await unrecorded(run, locationId, prefix, suspects);
  for (const row of await run.deps.ledger.rowsOf([...awaited])) if ('content' in row.placement) awaited.delete(row.key);
  for (const object of unknown) {
    if (plainKeys(object).some((key) => awaited.has(key))) continue;
    await run.note({ kind: 'orphan-object', key: null, name: object.name, size: object.size, code: null, action: 'none' });
  }
}

/** The rows that the objects belong to, by object name. */
async function liveObjects(run: AuditRun, locationId: LocationId, prefix: string, objects: readonly ListedObject[]): Promise<Map<ObjectName, LedgerRow>> {
  const keys = new Set(objects.flatMap(({ name }) => keysOfObjectName(prefix, name)));
  const live = new Map<ObjectName, LedgerRow>();
  if (keys.size === 0) return live;
  for (const row of await run.deps.ledger.rowsOf([...keys])) {
    const remote = remoteOf(row);
    if (remote?.locationId === locationId) live.set(remote.object, row);
  }
  return live;
}

/** Whether these facts are those of the bytes that the ledger knows. */
export function isAsStored(row: LedgerRow, facts: { size: number; etag: string | null }): boolean {
  const { placement } = row;
  const remote: RemoteCopy | undefined = remoteOf(row);
  if (!remote || !('content' in placement)) return false;
  const sameTag = remote.etag === null || facts.etag === null || facts.etag === remote.etag;
  return facts.size === placement.content.size && sameTag;
}

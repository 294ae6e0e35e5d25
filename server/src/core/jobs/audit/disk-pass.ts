import { isOwnLocalName, keysOfObjectName, OWN_FOLDER, type LocalName, type ObjectKey } from '../../keys';
import type { PlacedName } from '../../ledger/words';
import { localOf } from '../../ledger/state';
import { nameId } from '../../ledger/transitions';
import type { DiskFile } from '../../store/local/disk-tree';
import type { AuditRun } from './audit-run';
import { Suspects } from './suspects';

/** Files that are looked up in the ledger in one question. */
const CHUNK = 500;
/** Age at which an unknown file with an own name counts as stray, in milliseconds. No write takes that long. */
const STRAY_AFTER_MS = 7 * 24 * 3600_000;
/** The form of own names: see `ownLocalName`. */
const OWN_NAME = new RegExp(`^${OWN_FOLDER}/[^/]+\\.\\d{10,}(\\.[^./]*)?$`);

/** Walks this process's disk and reports the files that nobody knows. */
export async function auditDisk(run: AuditRun): Promise<void> {
  // as long as the folder has no readable id, nobody can tell whose files these are
  if (!run.deps.volume.established) return;
  const suspects = new Suspects<DiskFile>((files) => judge(run, files));
  let chunk: DiskFile[] = [];
  const look = async () => {
    suspects.add(...(await unrecorded(run, chunk)));
    chunk = [];
  };
  for await (const file of run.deps.tree.files()) {
    if (run.stopped) return;
    if (!isPassedBy(file.name)) chunk.push(file);
    if (chunk.length < CHUNK) continue;
    await look();
    await suspects.judgeMany();
  }
  await look();
  await suspects.judgeAll();
}

/** Whether a file is the plugin's own, or has a name that no upload has (`.gitkeep`). */
function isPassedBy(name: string): boolean {
  if (name.startsWith(`${OWN_FOLDER}/tmp/`) || name.startsWith(`${OWN_FOLDER}/volume`)) return true;
  return !name.startsWith(`${OWN_FOLDER}/`) && name.split('/').some((segment) => segment.startsWith('.'));
}

/** Reports the files that the media library does not list either. */
async function judge(run: AuditRun, files: readonly DiskFile[]): Promise<void> {
  const listed = await run.listed(files.flatMap(({ name }) => keysOfObjectName('', name)));
  // this asks again, because a name may become live or condemned between two questions
  const unknown = await unrecorded(run, files.filter(({ name }) => !listed.has(name as ObjectKey)));
  const { disk, ledger, clock, volume } = run.deps;
  const own = unknown.filter(({ name }) => OWN_NAME.test(name)).map(({ name }) => name as LocalName);
  // a long own name is shortened, and then does not tell its key
  const live = own.length > 0 ? await ledger.liveFiles(volume.id, own) : new Set<LocalName>();
  for (const { name, size, mtimeMs } of unknown) {
    const isOwn = OWN_NAME.test(name);
    if (isOwn && (live.has(name as LocalName) || mtimeMs > clock.now() - STRAY_AFTER_MS)) continue;
    if (isOwn && (await ledger.recordedNames([{ kind: 'file', name: name as LocalName, volume: volume.id }])).size > 0) continue;
    // a file that was removed meanwhile is no longer recorded
    if (!(await disk.exists(name))) continue;
    const finding = { kind: 'orphan-file' as const, key: null, name, size, code: null };
    if (!isOwn) await run.note({ ...finding, action: 'none' });
    else await run.note({ ...finding, action: 'sweep' }, () => ledger.condemnStray({ kind: 'file', name: name as LocalName, volume: volume.id }));
  }
  await run.commit();
}

/** Returns the files that belong to no row and to no write. */
async function unrecorded(run: AuditRun, files: readonly DiskFile[]): Promise<DiskFile[]> {
  const { ledger, volume } = run.deps;
  if (files.length === 0) return [];
  const placed = ({ name }: DiskFile): PlacedName => ({ kind: 'file', name: name as LocalName, volume: volume.id });
  const recorded = await ledger.recordedNames(files.map(placed));
  const rest = files.filter((file) => !recorded.has(nameId(placed(file))));
  const rows = await ledger.rowsOf(rest.flatMap(({ name }) => keysOfFile(name as LocalName)));
  const live = new Set<string>(rows.flatMap((row) => localOf(row) ?? []).filter((copy) => copy.volume === volume.id).map((copy) => copy.localName));
  return rest.filter(({ name }) => !live.has(name));
}

function keysOfFile(name: LocalName): ObjectKey[] {
  return keysOfObjectName(isOwnLocalName(name) ? `${OWN_FOLDER}/` : '', name);
}

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FormerUploads } from '../../../server/src/adapters/strapi/former-uploads';

let folder: string;
let uploads: string;
const log = { info: () => undefined, warn: jest.fn() };

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'former-uploads-'));
  uploads = path.join(folder, 'uploads');
  write(uploads, { 'a.txt': 'only here', '.s3-storage/volume': 'id', '.gitkeep': '' });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(root: string, files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
}

function tree(root: string): Record<string, string> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map(({ parentPath, name }) => path.join(parentPath, name));
  return Object.fromEntries(names.map((name) => [path.relative(root, name), readFileSync(name, 'utf8')]));
}

/** Does what Strapi does when an import begins, and answers the folder that Strapi will remove. */
function moveAway(): string {
  const backup = path.join(folder, `uploads_backup_${Date.now()}`);
  renameSync(uploads, backup);
  write(uploads, { '.gitkeep': '' });
  return backup;
}

function transaction() {
  let end!: { commit: () => void; fail: (error: Error) => void };
  const executionPromise = new Promise<void>((resolve, reject) => (end = { commit: resolve, fail: reject }));
  const trx = { completed: false, isCompleted: () => trx.completed, rollback: () => end.commit(), executionPromise, ...end };
  return trx;
}

test('a failed import gets its folder back, although Strapi has removed its backup, with what somebody uploaded meanwhile', () => {
  const before = tree(uploads);
  const former = new FormerUploads(uploads, log);
  const backup = moveAway();
  const trx = transaction();
  former.keep(trx, Date.now());
  rmSync(backup, { recursive: true, force: true });
  write(uploads, { '.s3-storage/volume': 'id', '.s3-storage/new.1.txt': 'uploaded meanwhile' });
  trx.completed = true;
  former.settle();
  expect(tree(uploads)).toEqual({ ...before, '.s3-storage/new.1.txt': 'uploaded meanwhile' });
  expect(readdirSync(folder)).toEqual(['uploads']);
});

test('an import that ends with the process gets its folder back', () => {
  const before = tree(uploads);
  const former = new FormerUploads(uploads, log);
  moveAway();
  former.keep(transaction(), Date.now());
  const [onExit] = process.listeners('exit').slice(-1);
  onExit!(1);
  expect(tree(uploads)).toEqual(before);
});

test('a ROLLBACK that comes after the end of the transfer gives the folder back', async () => {
  const before = tree(uploads);
  const former = new FormerUploads(uploads, log);
  moveAway();
  const trx = transaction();
  former.keep(trx, Date.now());
  former.settle();
  trx.rollback();
  await former.removed();
  expect(tree(uploads)).toEqual(before);
});

test('a COMMIT that fails gives the folder back', async () => {
  const before = tree(uploads);
  const former = new FormerUploads(uploads, log);
  moveAway();
  const trx = transaction();
  former.keep(trx, Date.now());
  former.settle();
  trx.fail(new Error('connection lost'));
  await former.removed();
  expect(tree(uploads)).toEqual(before);
});

test('the folder of an import that is committed is removed', async () => {
  const former = new FormerUploads(uploads, log);
  moveAway();
  const trx = transaction();
  former.keep(trx, Date.now());
  former.settle();
  expect(readdirSync(folder)).toHaveLength(2);
  trx.commit();
  await former.removed();
  expect(readdirSync(folder)).toEqual(['uploads']);
  expect(tree(uploads)).toEqual({ '.gitkeep': '' });
});

test('a folder that an earlier import left is not taken', () => {
  const left = `uploads_backup_${Date.now() - 120_000}`;
  mkdirSync(path.join(folder, left));
  const former = new FormerUploads(uploads, log);
  former.keep(transaction(), Date.now());
  expect(readdirSync(folder).sort()).toEqual(['uploads', left]);
  expect(log.warn).not.toHaveBeenCalled();
});

test('a file that lies at the same path in both folders is not replaced, and not removed', () => {
  const former = new FormerUploads(uploads, log);
  moveAway();
  const trx = transaction();
  former.keep(trx, Date.now());
  write(uploads, { 'a.txt': 'another' });
  trx.completed = true;
  former.settle();
  expect(tree(uploads)['a.txt']).toBe('only here');
  const left = readdirSync(folder).find((name) => name.startsWith('uploads_import_'))!;
  expect(tree(path.join(folder, left))).toEqual({ 'a.txt': 'another' });
});

test('a start warns of the folder that a killed import has left, and of no other folder', () => {
  write(path.join(folder, 'uploads_backup_1700000000000_s3-storage'), { 'a.txt': 'only here' });
  write(path.join(folder, 'uploads_backup_1700000000001'), {});
  write(path.join(folder, 'uploads_backup_of_anna_s3-storage'), {});
  log.warn.mockClear();
  new FormerUploads(uploads, log).warnOfLeft();
  expect(log.warn.mock.calls).toEqual([[expect.stringContaining(path.join(folder, 'uploads_backup_1700000000000_s3-storage'))]]);
});

test('a start goes on where nobody can list the folder beside the uploads', () => {
  log.warn.mockClear();
  new FormerUploads(path.join(folder, 'a.txt', 'uploads'), log).warnOfLeft();
  writeFileSync(path.join(folder, 'a.txt'), 'a file and no folder');
  new FormerUploads(path.join(folder, 'a.txt', 'uploads'), log).warnOfLeft();
  expect(log.warn).not.toHaveBeenCalled();
});

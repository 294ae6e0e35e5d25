import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { withSpooledBody } from '../../../../server/src/core/media/spooled-body';
import { tidy } from '../../../../server/src/core/upkeep/tidy';
import { LocalObjectStore } from '../../../../server/src/core/store/local/local-object-store';
import { openVolume, type Volume } from '../../../../server/src/core/store/local/volume';
import { bodyOf } from '../../../support/bodies';

const HOUR = 3600_000;
let uploads: string;
let system: string;
let volume: Volume;
let lines: string[];
beforeEach(async () => {
  uploads = await mkdtemp(path.join(tmpdir(), 'temporary-uploads-'));
  system = await mkdtemp(path.join(tmpdir(), 'temporary-system-'));
  await mkdir(path.join(uploads, '.s3-storage/tmp'), { recursive: true });
  volume = await openVolume(uploads);
  lines = [];
});
afterEach(async () => {
  await rm(uploads, { recursive: true, force: true });
  await rm(system, { recursive: true, force: true });
});

const line = (text: string) => void lines.push(text);
const log = { debug: line, info: line, warn: line, error: line };
/** Tidies up as if `ms` had passed since now. */
const tidyAfter = (ms: number) =>
  tidy({ volume, log, clock: { now: () => Date.now() + ms, elapsed: () => 0, random: () => 0.5, sleep: async () => undefined } }, system);
const files = async (folder: string) => (await readdir(folder, { recursive: true })).sort();
const own = (...parts: string[]) => path.join(uploads, '.s3-storage', ...parts);

async function crashed() {
  const spool = path.join(system, 's3-storage-spool-aB3xYz');
  await mkdir(spool);
  const paths = [own('tmp', randomUUID()), own(`volume.${randomUUID()}`), path.join(spool, randomUUID()), path.join(spool, `${randomUUID()}.mp4`)];
  for (const file of paths) await writeFile(file, 'half of it');
  return paths;
}

test('temporary files that a crash left are removed after a day, and not before', async () => {
  await crashed();
  const before = [await files(uploads), await files(system)];
  await tidyAfter(23 * HOUR);
  expect([await files(uploads), await files(system)]).toEqual(before);
  await tidyAfter(25 * HOUR);
  expect(await files(uploads)).toEqual(['.s3-storage', '.s3-storage/tmp', '.s3-storage/volume']);
  expect(await files(system)).toEqual([]);
  expect(lines).toEqual(['4 temporary file(s) that a crash had left were removed']);
});

test('a writer that is at work keeps its temporary file, however long ago it began', async () => {
  const paths = await crashed();
  const now = new Date(Date.now() + 25 * HOUR);
  for (const file of paths) await utimes(file, now, now);
  const before = [await files(uploads), await files(system)];
  await tidyAfter(26 * HOUR);
  expect([await files(uploads), await files(system)]).toEqual(before);
  expect(lines).toEqual([]);
});

test('files that the plugin did not name are left alone, whatever they are', async () => {
  const elsewhere = path.join(system, 'elsewhere');
  await mkdir(elsewhere);
  await writeFile(path.join(elsewhere, randomUUID()), 'of somebody else');
  await symlink(elsewhere, path.join(system, 's3-storage-spool-linked'));
  await symlink(path.join(elsewhere, randomUUID()), own('tmp', randomUUID()));
  await mkdir(own('tmp', randomUUID()));
  for (const name of ['s3-storage-app-abc123', 's3-storage-spool-abc', 's3-storage-abc123']) {
    await mkdir(path.join(system, name));
    await writeFile(path.join(system, name, randomUUID()), 'x');
  }
  const spool = path.join(system, 's3-storage-spool-abc123');
  await mkdir(spool);
  for (const file of [path.join(spool, 'note.txt'), own('tmp', 'note.txt'), own('volume.old'), own(randomUUID()), path.join(uploads, randomUUID())]) {
    await writeFile(file, 'x');
  }
  const before = [await files(uploads), await files(system)];
  await tidyAfter(48 * HOUR);
  expect([await files(uploads), await files(system)]).toEqual(before);
});

test('a folder of temporary files that cannot be read holds up no other one, and the log says why', async () => {
  const [first] = await crashed();
  // a folder in the place of the file's folder makes any unlink below it fail, for root as well
  await rm(path.dirname(first!), { recursive: true });
  await writeFile(path.dirname(first!), 'not a folder');
  await tidyAfter(25 * HOUR);
  expect(await files(system)).toEqual([]);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/tmp stays: .*ENOTDIR/);
});

test('the writers give their temporary files the names for which the tidying looks', async () => {
  await new LocalObjectStore(uploads).put('a.txt', {
    ...bodyOf('bytes'),
    open: () => Readable.from(seen(own('tmp')), { objectMode: false }),
  });
  const spooled = await withSpooledBody(Readable.from(['bytes']), async () => (await readdir(tmpdir())).filter((name) => name.startsWith('s3-storage-spool-')));
  expect(inTemporary).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  expect(spooled).toContainEqual(expect.stringMatching(/^s3-storage-spool-[A-Za-z0-9]{6}$/));
});

let inTemporary: string[] = [];
/** Yields the body's bytes, and looks into the folder when somebody asks for them. */
async function* seen(folder: string): AsyncGenerator<Buffer> {
  inTemporary = await readdir(folder);
  yield Buffer.from('bytes');
}

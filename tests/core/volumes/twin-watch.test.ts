import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDiskThere, requireDisk } from '../../../server/src/core/volumes/disk-there';
import { MemoryLeases } from '../../../server/src/core/memory/leases';
import { LocalObjectStore } from '../../../server/src/core/store/local/local-object-store';
import { openVolume } from '../../../server/src/core/store/local/volume';
import { TwinWatch } from '../../../server/src/core/volumes/twin-watch';
import { makeUnwritable } from '../../support/unwritable';

const MINUTE = 60_000;

let now = 0;
let base: string;
let leases: MemoryLeases;
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 's3-storage-twin-'));
  now = 1_000_000;
  leases = new MemoryLeases({ now: () => now });
});
afterEach(() => rm(base, { recursive: true }));

const folder = (name: string) => path.join(base, name);

/** A process that serves from a folder. */
async function serve(name: string) {
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  const volume = await openVolume(folder(name));
  const log = { debug: () => undefined, info: line, warn: line, error: line };
  return { volume, lines, log, watch: new TwinWatch({ volume, leases, clock: { elapsed: () => now }, log }), disk: new LocalObjectStore(folder(name)) };
}
type Process = Awaited<ReturnType<typeof serve>>;

async function minutes(count: number, ...processes: Process[]): Promise<void> {
  for (let minute = 0; minute < count; minute++) {
    for (const { watch } of processes) await watch.beat();
    now += MINUTE;
  }
}
const twins = (...processes: Process[]) => processes.map(({ volume }) => volume.hasTwin);
const copy = (from: string, to: string) => cp(folder(from), folder(to), { recursive: true, preserveTimestamps: true });

test.each([0, 5, 25])('a copy in use beside its original is reported on both sides, when it is made %i minutes after the start', async (age) => {
  const original = await serve('original');
  await minutes(age, original);
  await copy('original', 'copy');
  const twin = await serve('copy');
  expect(twin.volume.id).toBe(original.volume.id);
  await minutes(25, original, twin);
  expect(twins(original, twin)).toEqual([true, true]);
  for (const process of [original, twin]) {
    expect(process.lines).toEqual([expect.stringContaining('in use under the same id')]);
    expect(await isDiskThere(process)).toBe(false);
    await expect(requireDisk(process, 'inventory')).rejects.toMatchObject({ code: 'VOLUME_TWIN' });
  }
  // the copy gets an id of its own, as the log says
  await rm(path.join(folder('copy'), '.s3-storage/volume'));
  const apart = await serve('copy');
  expect(apart.volume.id).not.toBe(original.volume.id);
  await minutes(10, original, apart);
  expect(twins(original, apart)).toEqual([false, false]);
  expect(await isDiskThere(original)).toBe(true);
});

test('three copies of one image are all reported as twins', async () => {
  await openVolume(folder('image'));
  const names = ['a', 'b', 'c'];
  for (const name of names) await copy('image', name);
  const processes = await Promise.all(names.map(serve));
  await minutes(25, ...processes);
  expect(twins(...processes)).toEqual([true, true, true]);
});

test('processes that share one folder are never reported as twins, whichever of them ends', async () => {
  const processes = [await serve('shared'), await serve('shared'), await serve('shared')];
  for (let hour = 0; hour < 3; hour++) {
    await minutes(60, ...processes);
    expect(twins(...processes)).toEqual([false, false, false]);
    processes[hour] = await serve('shared');
  }
});

test('a restored folder keeps its id and is no twin when the process of the original has ended', async () => {
  const before = await serve('before');
  await minutes(30, before);
  await copy('before', 'restored');
  await minutes(20, before);
  // the former process has ended, and the backup takes its place at once
  const restored = await serve('restored');
  await minutes(30, restored);
  expect(twins(restored)).toEqual([false]);
  expect(restored.volume.id).toBe(before.volume.id);
});

test('a folder that cannot be written is not reported as a twin', async () => {
  await openVolume(folder('read-only'));
  const undo = await makeUnwritable(folder('read-only'));
  try {
    const process = await serve('read-only');
    await minutes(10, process);
    expect(twins(process)).toEqual([false]);
  } finally {
    await undo();
  }
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { VolumeId } from '../../../server/src/core/keys';
import { ephemeralKind, fileSystemType } from '../../../server/src/core/store/local/file-system';
import { openVolume } from '../../../server/src/core/store/local/volume';
import { DiskWatch } from '../../../server/src/core/volumes/disk-watch';
import { VANISHED_AFTER_MS, type VolumeRegistry } from '../../../server/src/core/volumes/registry';
import { FakeClock } from '../../support/fake-clock';

const EXT4 = 0xef53;
const OVERLAY = 0x794c7630;
const MINUTE = 60_000;

/** Processes that start one after the other or side by side, each with an uploads folder, on one registry. */
function world() {
  const clock = new FakeClock();
  const seen = new Map<VolumeId, { first: number; last: number }>();
  const registry: VolumeRegistry = {
    beat: async (id) => void seen.set(id, { first: seen.get(id)?.first ?? clock.now(), last: clock.now() }),
    list: async () =>
      [...seen].map(([id, { first, last }]) => ({
        id,
        firstSeen: new Date(first),
        lastSeen: new Date(last),
        vanished: clock.now() - last > VANISHED_AFTER_MS,
      })),
  };
  const start = (id: string, { founded = false, type = EXT4, keepsLocally = true, fails = false } = {}) => {
    const warnings: string[] = [];
    const log = { debug: () => undefined, info: () => undefined, warn: (line: string) => void warnings.push(line), error: () => undefined };
    const volume = { root: '/uploads', id: id as VolumeId, founded, established: true, hasTwin: false, refresh: async () => id as VolumeId };
    const watch = new DiskWatch({
      volume, registry, clock, log,
      keepsLocally: () => keepsLocally,
      fileSystemType: async () => (fails ? Promise.reject(new Error('ENOSYS')) : type),
    });
    return { watch, warnings };
  };
  /** Lets minutes pass, each with a beat of these. */
  const minutes = async (count: number, ...running: { watch: DiskWatch }[]) => {
    for (let passed = 0; passed < count; passed++) {
      await clock.advance(MINUTE);
      for (const { watch } of running) await watch.beat();
    }
  };
  return { start, minutes };
}

test.each([
  [OVERLAY, 'overlay'],
  [0x01021994, 'memory'],
  [0x858458f6, 'memory'],
  [0x858458f6 - 2 ** 32, 'memory'],
  [EXT4, null],
  [0x6969, null],
  [0, null],
])('ephemeralKind of the file system number %d is %s', (type, kind) => expect(ephemeralKind(type)).toBe(kind));

test('fileSystemType tells the number of a real folder, and a folder in memory is recognised on Linux', async () => {
  expect(await fileSystemType(tmpdir())).toEqual(expect.any(Number));
  const kind = await fileSystemType('/dev/shm').then(ephemeralKind, () => 'memory');
  expect(kind).toBe(process.platform === 'linux' ? 'memory' : kind);
});

test('an uploads folder in a container’s own layer is warned of once, at the first beat, with what to do', async () => {
  const { start, minutes } = world();
  const node = start('a', { founded: true, type: OVERLAY });
  await node.watch.beat();
  expect(node.watch.ephemeral).toBe('overlay');
  await minutes(30, node);
  expect(node.warnings).toEqual([expect.stringMatching(/\/uploads.*container.*lost.*persistent volume.*onOutage/)]);
});

test('a platform that cannot tell the file system causes no warning and no failure', async () => {
  const { start } = world();
  const node = start('a', { fails: true });
  await node.watch.beat();
  expect([node.watch.ephemeral, node.warnings]).toEqual([null, []]);
});

test('a first installation causes no warning', async () => {
  const { start, minutes } = world();
  const node = start('a', { founded: true });
  await node.watch.beat();
  await minutes(90, node);
  expect([node.watch.ephemeral, node.warnings]).toEqual([null, []]);
});

test('a folder that survived a restart is not called ephemeral, however long the process was away', async () => {
  const { start, minutes } = world();
  await start('a', { founded: true }).watch.beat();
  await minutes(1, start('elsewhere', { founded: true }));
  await minutes(600);
  const again = start('a');
  await again.watch.beat();
  await minutes(30, again);
  expect(again.watch.ephemeral).toBeNull();
});

test('a new folder is reported as replaced at once when the folder before it has vanished', async () => {
  const { start, minutes } = world();
  await start('a', { founded: true }).watch.beat();
  await minutes(16);
  const node = start('b', { founded: true });
  await node.watch.beat();
  expect([node.watch.ephemeral, node.warnings]).toEqual(['replaced', [expect.stringContaining('not to survive a restart')]]);
});

test('a new folder in a rolling deploy is reported as replaced 15 minutes after the old process has stopped', async () => {
  const { start, minutes } = world();
  const old = start('a', { founded: true });
  await old.watch.beat();
  const node = start('b', { founded: true });
  await node.watch.beat();
  await minutes(10, old, node);
  await minutes(14, node);
  expect(node.watch.ephemeral).toBeNull();
  await minutes(3, node);
  expect(node.watch.ephemeral).toBe('replaced');
});

test('the folder of a replica that joins another one and outlives it is not called ephemeral', async () => {
  const { start, minutes } = world();
  const first = start('a', { founded: true });
  await first.watch.beat();
  const second = start('b', { founded: true });
  await second.watch.beat();
  await minutes(61, first, second);
  // the first process ends for good, which says nothing about the second one's disk
  await minutes(30, second);
  expect([second.watch.ephemeral, second.warnings]).toEqual([null, []]);
});

test('an ephemeral folder is known but not warned of where uploads are refused in an outage', async () => {
  const { start } = world();
  const node = start('a', { type: OVERLAY, keepsLocally: false });
  await node.watch.beat();
  expect([node.watch.ephemeral, node.warnings]).toEqual(['overlay', []]);
});

test('the first process that opens a folder founds its volume, and the second one does not', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'volume-'));
  const first = await openVolume(folder);
  const second = await openVolume(folder);
  expect([first.founded, second.founded]).toEqual([true, false]);
  await rm(folder, { recursive: true });
});

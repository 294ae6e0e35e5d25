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
])('a file system of number %d: %s', (type, kind) => expect(ephemeralKind(type)).toBe(kind));

test('the number of a real folder is had, and one in memory is recognised where there is one', async () => {
  expect(await fileSystemType(tmpdir())).toEqual(expect.any(Number));
  const kind = await fileSystemType('/dev/shm').then(ephemeralKind, () => 'memory');
  expect(kind).toBe(process.platform === 'linux' ? 'memory' : kind);
});

test('a container’s own layer is told at the first beat, once, with what to do', async () => {
  const { start, minutes } = world();
  const node = start('a', { founded: true, type: OVERLAY });
  await node.watch.beat();
  expect(node.watch.ephemeral).toBe('overlay');
  await minutes(30, node);
  expect(node.warnings).toEqual([expect.stringMatching(/\/uploads.*container.*lost.*persistent volume.*onOutage/)]);
});

test('a platform that does not tell its file system is no reason to warn, nor to stop', async () => {
  const { start } = world();
  const node = start('a', { fails: true });
  await node.watch.beat();
  expect([node.watch.ephemeral, node.warnings]).toEqual([null, []]);
});

test('a first installation is not warned of', async () => {
  const { start, minutes } = world();
  const node = start('a', { founded: true });
  await node.watch.beat();
  await minutes(90, node);
  expect([node.watch.ephemeral, node.warnings]).toEqual([null, []]);
});

test('a restart on the same folder is none, however long it took', async () => {
  const { start, minutes } = world();
  await start('a', { founded: true }).watch.beat();
  await minutes(1, start('elsewhere', { founded: true }));
  await minutes(600);
  const again = start('a');
  await again.watch.beat();
  await minutes(30, again);
  expect(again.watch.ephemeral).toBeNull();
});

test('a new folder while the one before it has vanished: told at once', async () => {
  const { start, minutes } = world();
  await start('a', { founded: true }).watch.beat();
  await minutes(16);
  const node = start('b', { founded: true });
  await node.watch.beat();
  expect([node.watch.ephemeral, node.warnings]).toEqual(['replaced', [expect.stringContaining('not to survive a restart')]]);
});

test('at a rolling deploy the old one beats on: told when it has stopped for 15 minutes', async () => {
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

test('a replica that joins others, and one that another outlives by hours, are none', async () => {
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

test('where uploads are refused rather than kept there is nothing to warn of, but the fact is known', async () => {
  const { start } = world();
  const node = start('a', { type: OVERLAY, keepsLocally: false });
  await node.watch.beat();
  expect([node.watch.ephemeral, node.warnings]).toEqual(['overlay', []]);
});

test('a volume is founded by the process that found none, and by no other', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'volume-'));
  const first = await openVolume(folder);
  const second = await openVolume(folder);
  expect([first.founded, second.founded]).toEqual([true, false]);
  await rm(folder, { recursive: true });
});

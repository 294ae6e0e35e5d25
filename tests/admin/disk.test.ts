import { diskRisk, lastSeenOf } from '../../admin/src/utils/disk';
import type { EphemeralDisk, StatusAnswer } from '../../server/src/contracts/api';
import type { Mode } from '../../server/src/contracts/settings';

const on = (mode: Mode, ephemeral: EphemeralDisk | null) => ({ mode, node: { ephemeral } }) as StatusAnswer;

test('the panel warns of an ephemeral disk unless the plugin keeps no file on it', () => {
  expect(diskRisk('local', on('read-write', 'overlay'))).toBe('overlay');
  expect(diskRisk('reject', on('read-write', 'overlay'))).toBeNull();
  // the setting has no effect in this mode: the plugin keeps files on the disk
  expect(diskRisk('reject', on('read-only', 'memory'))).toBe('memory');
  expect(diskRisk('reject', on('off', 'replaced'))).toBe('replaced');
  expect(diskRisk('local', on('read-write', null))).toBeNull();
});

test('vanished disks count as last seen when the latest of them was', () => {
  const volume = (lastSeen: string | null) => ({ id: 'v', lastSeen, count: 1, bytes: 1 });
  const seen = (...volumes: (string | null)[]) => lastSeenOf({ count: 1, bytes: 1, volumes: volumes.map(volume) });
  expect(seen('2026-01-01T00:00:00.000Z', null, '2026-02-01T00:00:00.000Z')).toBe('2026-02-01T00:00:00.000Z');
  expect(seen(null)).toBeNull();
});

import { tmpdir } from 'node:os';
import { reserveOf, spaceOf } from '../../../../server/src/core/store/local/free-space';

const MB = 1024 * 1024;

test('spaceOf tells the free and the total bytes of a disk, and throws for a folder that is not there', async () => {
  const { free, total } = await spaceOf(tmpdir());
  expect(total).toBeGreaterThan(MB);
  expect(free).toBeGreaterThan(0);
  expect(free).toBeLessThanOrEqual(total);
  await expect(spaceOf('/no/such/folder')).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each([
  ['small', 1000 * MB, 256 * MB],
  ['large', 100_000 * MB, 2000 * MB],
])('the reserve of a %s disk of %d bytes is %d bytes', (_, total, reserve) => {
  expect(reserveOf({ free: 0, total })).toBe(reserve);
});

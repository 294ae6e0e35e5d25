import { segmentsOf, stuckOf } from '../../admin/src/utils/library';

const none = { count: 0, bytes: 0 };
const objects = {
  local: { count: 10, bytes: 100 },
  both: { count: 5, bytes: 500 },
  remote: { count: 4, bytes: 400 },
  trash: none,
  missing: none,
  lost: { count: 1, bytes: 0 },
  // a lost file counts as failed, too
  failed: { count: 1, bytes: 0 },
};

const of = (segments: ReturnType<typeof segmentsOf>, place: string) => segments.find((segment) => segment.place === place);

test('the shares of the places follow the chosen measure, files or bytes, and sum up to one', () => {
  expect(of(segmentsOf(objects, 'count'), 'local')?.share).toBe(0.5);
  expect(of(segmentsOf(objects, 'bytes'), 'local')?.share).toBe(0.1);
  for (const measure of ['count', 'bytes'] as const) {
    expect(segmentsOf(objects, measure).reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  }
});

test('missing files have a place of their own, and are subtracted from no other', () => {
  const both = { count: 58, bytes: 180_800 };
  const two = { count: 2, bytes: 0 };
  const segments = segmentsOf({ ...objects, local: none, remote: none, lost: none, both, missing: two, failed: two }, 'count');
  expect(of(segments, 'both')).toMatchObject(both);
  expect(of(segments, 'missing')).toMatchObject(two);
  expect(segments.reduce((sum, { count }) => sum + count, 0)).toBe(60);
});

test('a file that could not be moved is still counted in its place', () => {
  // a restore could not fetch one of the failed files, which was never on the disk
  const counted = { ...objects, failed: { count: 2, bytes: 40 } };
  expect(of(segmentsOf(counted, 'count'), 'local')).toMatchObject(objects.local);
  expect(of(segmentsOf(counted, 'count'), 'remote')).toMatchObject(objects.remote);
  expect(stuckOf(counted)).toEqual({ count: 1, bytes: 40 });
});

test('a missing or lost file is not counted a second time as failed', () => {
  expect(stuckOf(objects)).toEqual(none);
  expect(stuckOf({ ...objects, missing: { count: 2, bytes: 0 }, failed: { count: 3, bytes: 0 } })).toEqual(none);
});

test('every share of an empty library is zero', () => {
  const empty = { local: none, both: none, remote: none, trash: none, missing: none, lost: none, failed: none };
  expect(segmentsOf(empty, 'bytes').map(({ share }) => share)).toEqual([0, 0, 0, 0, 0, 0]);
});

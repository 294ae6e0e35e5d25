import { segmentsOf } from '../../admin/src/utils/library';

const none = { count: 0, bytes: 0 };
const objects = {
  local: { count: 10, bytes: 100 },
  both: { count: 5, bytes: 500 },
  remote: { count: 4, bytes: 400 },
  trash: none,
  missing: none,
  lost: { count: 1, bytes: 0 },
  // what is lost has failed, too
  failed: { count: 1, bytes: 0 },
};

const of = (segments: ReturnType<typeof segmentsOf>, place: string) => segments.find((segment) => segment.place === place);

test('the shares are of the measure that was asked for, and come to one', () => {
  expect(of(segmentsOf(objects, 'count'), 'local')?.share).toBe(0.5);
  expect(of(segmentsOf(objects, 'bytes'), 'local')?.share).toBe(0.1);
  for (const measure of ['count', 'bytes'] as const) {
    expect(segmentsOf(objects, measure).reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  }
});

test('a file that failed is counted once: not also where it is', () => {
  const segments = segmentsOf({ ...objects, failed: { count: 13, bytes: 250 } }, 'count');
  expect(of(segments, 'failed')).toMatchObject({ count: 12, bytes: 250 });
  expect(of(segments, 'local')).toMatchObject({ count: 0, bytes: 0 });
  expect(of(segments, 'both')).toMatchObject({ count: 3, bytes: 350 });
  expect(segments.reduce((sum, { count }) => sum + count, 0)).toBe(20);
});

test('an empty library has no share of anything', () => {
  const empty = { local: none, both: none, remote: none, trash: none, missing: none, lost: none, failed: none };
  expect(segmentsOf(empty, 'bytes').map(({ share }) => share)).toEqual([0, 0, 0, 0, 0, 0]);
});

import { fewInParts } from '../../../server/src/core/jobs/pace';
import { ONE_REQUEST_BYTES } from '../../../server/src/core/store/object-store';
import { settle } from '../../support/fake-clock';

test('four files that are sent in parts go at once, and smaller ones beside them', async () => {
  const paced = fewInParts((work) => work());
  const running = { large: 0, small: 0 };
  const ends: (() => void)[] = [];
  const work = (kind: 'large' | 'small') => async () => {
    running[kind]++;
    await new Promise<void>((resolve) => ends.push(resolve));
    running[kind]--;
  };
  const all = [...Array.from({ length: 6 }, () => paced(ONE_REQUEST_BYTES + 1, work('large'))), ...Array.from({ length: 6 }, () => paced(ONE_REQUEST_BYTES, work('small')))];
  await settle();
  expect(running).toEqual({ large: 4, small: 6 });
  while (ends.length > 0) {
    ends.shift()?.();
    await settle();
  }
  await Promise.all(all);
});

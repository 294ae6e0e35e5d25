import { StorageError } from '../../../../server/src/core/errors';
import { isIn, type RowIn } from '../../../../server/src/core/ledger/state';
import { restores } from '../../../../server/src/core/jobs/restore/bring-back';
import { bodyOf } from '../../../support/bodies';
import { settle } from '../../../support/fake-clock';
import { until } from '../../../support/job-world';
import { mediaWorld, type MediaWorld } from '../../../support/media-world';

const LARGE = 'x'.repeat(256 * 1024 + 1);
const WEEK = 7 * 24 * 3600_000;

let world: MediaWorld;
beforeEach(async () => {
  world = await mediaWorld();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await world.close();
});

/** Puts files into S3 only, and returns their rows. */
async function inS3(...contents: string[]): Promise<RowIn<'remote'>[]> {
  const rows: RowIn<'remote'>[] = [];
  for (const [index, content] of contents.entries()) {
    await world.put(`${index}.txt`, content);
    const row = await world.ledger.find(world.key(`${index}.txt`));
    if (row && isIn(row, 'remote')) rows.push(row);
  }
  expect(rows).toHaveLength(contents.length);
  return rows;
}

/** The number of files on this disk that the sweeper has to look for after a week. */
const condemnedFiles = async () => {
  world.state.now += WEEK;
  return (await world.ledger.dueNames({ kind: 'file', volume: world.jobs.volume.id }, 100)).length;
};

test('the name of a larger file begins when the file moves, so that no name grows old in the queue', async () => {
  const rows = await inS3(LARGE, LARGE, LARGE, LARGE);
  const held: (() => void)[] = [];
  world.fault = (operation, name, s3) => (operation === 'get' ? new Promise<void>((resolve) => held.push(resolve)).then(() => s3.get(name)) : undefined);
  const begins = jest.spyOn(world.ledger, 'beginRestores');
  const { bringBack } = restores(world.jobs, { concurrency: 1, batchSize: 100 });
  const all = Promise.all(rows.map(bringBack));
  await until(() => held.length === 1);
  await settle();
  expect(begins.mock.calls.flatMap(([restore]) => restore)).toHaveLength(1);
  let ended = false;
  void all.then(() => (ended = true));
  while (!ended) {
    held.shift()?.();
    await settle();
  }
  expect(await all).toEqual([true, true, true, true]);
});

test('a file of which S3 gave nothing leaves no name to sweep', async () => {
  const rows = await inS3('small');
  world.fault = (operation) => (operation === 'get' ? Promise.reject(new StorageError('ACCESS_DENIED', { refused: true })) : undefined);
  await expect(restores(world.jobs, { concurrency: 1, batchSize: 1 }).bringBack(rows[0]!)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  expect(await condemnedFiles()).toBe(0);
});

test('a file of which S3 gave other bytes leaves its name to the sweeper', async () => {
  const rows = await inS3('small');
  await world.s3.put(rows[0]!.placement.remote.object, bodyOf('other'));
  await expect(restores(world.jobs, { concurrency: 1, batchSize: 1 }).bringBack(rows[0]!)).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
  expect(await condemnedFiles()).toBe(1);
});

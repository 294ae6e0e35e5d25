import fs from 'node:fs/promises';
import { LeaseHolder } from '../../../server/src/core/leases/lease-holder';
import { MemoryLeases } from '../../../server/src/core/memory/leases';
import { settleHere } from '../../../server/src/core/upkeep/settle-here';
import { DAY, leavingWorld, RESTED, type LeavingWorld } from '../../support/leaving-world';

let world: LeavingWorld;
let leases: MemoryLeases;
beforeEach(async () => {
  world = await leavingWorld();
  leases = new MemoryLeases(world.clock);
  await world.put('a.txt', 'one');
  world.leave();
  await world.run();
  await world.put('a.txt', 'two');
  world.state.now += RESTED;
});
afterEach(() => world.close());

const clock = { sleep: (_: number, over?: AbortSignal) => new Promise<void>((_, reject) => over?.addEventListener('abort', () => reject(new Error('over')))) };
const settleSoon = (ending = new AbortController()) => settleHere(world.jobs, new LeaseHolder(leases, 'this', clock, world.jobs.log), 2, ending.signal);

test('a file that was replaced during leaving settles at its plain path without a restore, and stays there', async () => {
  expect([await world.plain('a.txt'), await world.job().isComplete()]).toEqual(['one', false]);
  await settleSoon();
  expect([await world.plain('a.txt'), await world.localName('a.txt'), await world.job().isComplete()]).toEqual(['two', 'a.txt', true]);
  await world.sweepAfter(9 * DAY);
  expect([await world.served(), await world.hidden()]).toEqual([{ 'a.txt': 'two' }, []]);
});

test('a file does not settle while a process may still remember its row from before the replace', async () => {
  world.state.now -= 1;
  await settleSoon();
  expect([await world.plain('a.txt'), await world.read('a.txt')]).toEqual(['one', 'two']);
});

test('the ledger is not asked for files to settle while S3 is in use or another process has the lease', async () => {
  const asked = jest.spyOn(world.ledger, 'dueToSettle');
  await leases.acquire(`settling:${world.jobs.volume.id}`, 'another', DAY);
  await settleSoon();
  await leases.release(`settling:${world.jobs.volume.id}`, 'another');
  world.state.leaving = false;
  await settleSoon();
  expect(asked).not.toHaveBeenCalled();
  expect(await world.plain('a.txt')).toBe('one');
});

test('settling ends as soon as S3 is used again', async () => {
  for (let n = 0; n < 10; n++) await world.put(`${n}.txt`, 'new');
  for (let n = 0; n < 10; n++) await world.put(`${n}.txt`, 'newer');
  world.state.now += RESTED;
  const begin = world.ledger.beginSettle;
  world.ledger.beginSettle = async (row) => {
    world.state.leaving = false;
    return begin(row);
  };
  await settleSoon();
  const rows = await Promise.all(Array.from({ length: 10 }, (_, n) => world.localName(`${n}.txt`)));
  expect(rows.filter((name) => name?.startsWith('.s3-storage')).length).toBeGreaterThanOrEqual(8);
});

test('a disk that is not mounted gets no file, and the row counts no failed attempt', async () => {
  await fs.rm(world.folder, { recursive: true });
  await fs.mkdir(world.folder);
  await settleSoon();
  expect([await fs.readdir(world.folder), (await world.row('a.txt')).attempts]).toEqual([[], 0]);
});

test('settling beside a restore of the same files loses and mixes up none of them', async () => {
  const names = Array.from({ length: 30 }, (_, n) => `${n}.txt`);
  world.state.leaving = false;
  world.state.mode = 'read-write';
  for (const name of names) await world.put(name, name);
  world.leave();
  let over = false;
  const again = async () => {
    while (!over) {
      await settleSoon();
      // there is nothing to do, so the restore goes on
      await new Promise(setImmediate);
    }
  };
  const settling = again();
  const { outcome } = await world.run().finally(() => (over = true));
  await settling;
  expect(outcome).toEqual({ status: 'complete' });
  await world.sweepAfter(2 * DAY);
  expect([await world.served(), await world.hidden()]).toEqual([{ 'a.txt': 'two', ...Object.fromEntries(names.map((name) => [name, name])) }, []]);
});

describe('a file that cannot be settled', () => {
  const tryOften = async () => {
    for (let time = 0; time < 20; time++) {
      await settleSoon();
      world.state.now += 60_000;
    }
  };

  test('is given up after 5 attempts, and the restore fails with PLAIN_PATH_TAKEN until somebody presses Retry', async () => {
    await fs.writeFile(world.at('a.txt'), 'theirs');
    const tried = jest.spyOn(world.jobs.disk, 'giveName');
    await tryOften();
    expect(tried).toHaveBeenCalledTimes(5);
    expect((await world.run()).outcome).toEqual({ status: 'failed', code: 'PLAIN_PATH_TAKEN' });
    await fs.rm(world.at('a.txt'));
    await world.ledger.retry('all');
    await settleSoon();
    expect(await world.plain('a.txt')).toBe('two');
  });

  test('is fetched by the next restore when the reason was a damaged copy', async () => {
    world.state.leaving = false;
    world.state.mode = 'read-write';
    await world.put('b.txt', 'b');
    await world.run();
    await fs.writeFile(world.at((await world.localName('b.txt'))!), 'B');
    world.leave();
    await tryOften();
    expect(await world.row('b.txt')).toMatchObject({ attempts: 5, lastError: 'FILE_CHANGED' });
    expect((await world.run()).outcome).toEqual({ status: 'complete' });
    expect(await world.plain('b.txt')).toBe('b');
  });
});

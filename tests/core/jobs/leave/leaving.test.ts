import fs from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../../../../server/src/core/errors';
import { catchUp } from '../../../../server/src/core/upkeep/catch-up';
import { workOn } from '../../../../server/src/core/jobs/work-through';
import { cleanups } from '../../../../server/src/core/jobs/cleanup/free-disk';
import { purge } from '../../../../server/src/core/sweep/purge';
import { sweep } from '../../../../server/src/core/sweep/sweep';
import { uploads } from '../../../../server/src/core/jobs/upload/send-files';
import { RequestScope } from '../../../../server/src/core/media/request-scope';
import { bodyOf } from '../../../support/bodies';
import { DAY, leavingWorld, RESTED, type LeavingWorld } from '../../../support/leaving-world';

const never = new AbortController().signal;
const COUNT = 50;
const STRANGE = ['été.txt', 'фото 1.txt', '写真/年/😀.txt', 'with space.txt', 'no-extension', 'a.b.c.txt', `${'long'.repeat(50)}.txt`];

let world: LeavingWorld;
beforeEach(async () => {
  world = await leavingWorld();
});
afterEach(() => world.close());

const upload = async (name: string, content: string) => {
  await world.storage.put(world.key(name), bodyOf(content), { mime: null, scope: new RequestScope('upload') });
};
const remove = async (name: string) => {
  await world.storage.inScope(new RequestScope('remove'), () => world.storage.remove(world.key(name)));
  world.state.now += 7 * DAY;
  await purge(world.jobs, never);
};
const s3IsThere = async (there: boolean) => {
  world.fault = there ? undefined : () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));
  world.breaker.probeWith(async () => undefined);
  if (there) await world.breaker.forceProbe();
};

test('files of all kinds leave S3: each gets its plain path byte for byte, and the bucket stays as it was', async () => {
  const expected = new Map<string, string>();
  const names = Array.from({ length: COUNT }, (_, n) => STRANGE[n] ?? `file ${n}.txt`);
  const volume = world.jobs.volume.id;

  // a third was there before the plugin, a third went to S3, and a third went to the disk while S3 was away; every tenth file is empty
  for (const [n, name] of names.entries()) expected.set(name, n % 10 === 0 ? '' : `the bytes of ${name}`);
  const kind = (n: number) => (name: string) => names.indexOf(name) % 3 === n;
  for (const name of names.filter(kind(0))) {
    await fs.mkdir(path.dirname(world.at(name)), { recursive: true });
    await fs.writeFile(world.at(name), expected.get(name)!);
    const found = { volume, localName: name as never };
    await world.ledger.record([{ key: world.key(name), local: found, size: Buffer.byteLength(expected.get(name)!) }]);
  }
  for (const name of names.filter(kind(1))) await upload(name, expected.get(name)!);
  await s3IsThere(false);
  for (const name of names.filter(kind(2))) await upload(name, expected.get(name)!);
  await s3IsThere(true);

  const replace = async (name: string, content: string) => {
    await world.put(name, content);
    expected.set(name, content);
  };
  for (const n of [0, 1, 2, 12, 13, 14]) await replace(names[n]!, `replaced: ${n}`);
  for (const n of [21, 22, 23]) {
    await remove(names[n]!);
    expected.delete(names[n]!);
  }

  // everything goes to S3 and off the disk
  const options = { concurrency: 4, batchSize: 100, signal: never };
  await catchUp(world.jobs, 4, never);
  await workOn(world.jobs, { work: 'upload', volume, origin: 'library' }, options, uploads(world.jobs, options).upload);
  await workOn(world.jobs, { work: 'cleanup', volume }, options, cleanups(world.jobs, { ...options, graceMs: 0 }).cleanUp);
  for (const ms of [0, DAY]) {
    world.state.now += ms;
    await sweep(world.jobs, never);
  }
  expect(await world.served()).toEqual({});
  expect(await world.ledger.tallies()).toMatchObject({ remote: { count: expected.size }, both: { count: 0 }, local: { count: 0 } });
  // one more file is replaced after its cleanup, so that the removal of its former object still waits
  await replace(names[30]!, 'after the cleanup');
  const bucket = async () => Object.fromEntries(await Promise.all(world.s3.names().map(async (name) => [name, await world.object(name)])));
  const stored = await bucket();

  world.leave();
  // the files come back to the disk; before they settle, one is replaced, one is deleted, and of two new ones one goes again
  world.state.leaving = false;
  expect((await world.run()).outcome).toEqual({ status: 'complete' });
  world.state.leaving = true;
  expect(await world.served()).toEqual({});
  await replace(names[31]!, 'while leaving');
  await upload('new.txt', 'new');
  expected.set('new.txt', 'new');
  await upload('gone.txt', 'gone');
  for (const name of ['gone.txt', names[32]!]) {
    await remove(name);
    expected.delete(name);
  }

  expect((await world.run()).outcome).toEqual({ status: 'complete' });
  expect(await world.job().isComplete()).toBe(true);
  // one more file is replaced after it has settled
  await replace(names[33]!, 'settled, and replaced');
  expect(await world.job().isComplete()).toBe(false);
  world.state.now += RESTED;
  expect((await world.run()).outcome).toEqual({ status: 'complete' });

  await world.sweepAfter(0);
  expect(await world.served()).toEqual(Object.fromEntries(expected));
  for (const [name, content] of expected) expect([name, await world.read(name)]).toEqual([name, content]);
  for (const ms of [DAY, DAY, 8 * DAY]) await world.sweepAfter(ms);
  expect(await world.served()).toEqual(Object.fromEntries(expected));
  expect(await world.hidden()).toEqual([]);
  expect(await bucket()).toEqual(stored);
});

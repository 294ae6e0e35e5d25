import { Readable } from 'node:stream';
import { send } from '../../../server/src/core/buckets/send';
import { RequestScope } from '../../../server/src/core/media/request-scope';
import { sweep } from '../../../server/src/core/sweep/sweep';
import { StorageError } from '../../../server/src/core/errors';
import { ONE_REQUEST_BYTES, type Body } from '../../../server/src/core/store/object-store';
import { bodyOf } from '../../support/bodies';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

const PROBE = '.s3-storage-probe-overwriting';
const HOUR = 3600_000;

let world: MediaWorld;
beforeEach(async () => {
  world = await mediaWorld();
});
afterEach(() => world.close());

/** Uploads a file as Strapi does: its name is a new one. */
const upload = (name: string, text: string) => world.storage.put(world.key(name), bodyOf(text), { mime: 'text/plain', scope: new RequestScope('upload') });

const requestsAfterTrial = async (work: () => Promise<unknown>): Promise<string[]> => {
  await world.bucket.overwriting.find(world.bucket.store);
  world.requests.length = 0;
  await work();
  return [...world.requests];
};

test('a fresh file costs one request where S3 refuses to overwrite, and two where nobody knows that', async () => {
  await upload('first.txt', 'first');
  expect(world.requests).toEqual(['head first.txt', 'put first.txt']);
  const put = jest.spyOn(world.s3, 'put');
  expect(await requestsAfterTrial(() => upload('second.txt', 'second'))).toEqual(['put second.txt']);
  expect(put.mock.calls.at(-1)?.[2]).toMatchObject({ onlyIfAbsent: true });
  expect(await world.read('second.txt')).toBe('second');
});

test('an object that somebody else has put under the plain name stays as it is, and is never taken for the plugin’s own', async () => {
  await world.s3.put('photo.jpg', bodyOf('a stranger’s'));
  const requests = await requestsAfterTrial(() => upload('photo.jpg', 'ours'));
  expect(requests[0]).toBe('put photo.jpg');
  expect(await world.read('photo.jpg')).toBe('ours');
  await world.storage.remove(world.key('photo.jpg'));
  world.state.now += 30 * 24 * HOUR;
  await world.ledger.condemnAbandoned();
  const due = await world.ledger.dueNames({ kind: 'object', locationId: world.bucket.locationId }, 100);
  expect(due.map(({ name }) => String(name))).not.toContain('photo.jpg');
  expect(await world.object('photo.jpg')).toBe('a stranger’s');
});

test('a write of which nobody has said whether the key has a row leaves that to the ledger', async () => {
  const begin = jest.spyOn(world.ledger, 'begin');
  world.fault = (operation, name, s3) => (operation === 'put' && begin.mock.calls.length === 1 ? s3.put(name, bodyOf('lost answer')).then(() => Promise.reject(new StorageError('TIMEOUT'))) : undefined);
  await send(world.jobs, world.bucket, world.key('a.txt'), bodyOf('a'), { mime: null });
  expect(begin.mock.calls.map(([, options]) => options?.known)).toEqual([undefined, true]);
});

test('a key that the library may list is asked for: its only copy may lie under the plain name, and nobody has adopted it so far', async () => {
  for (const scope of [undefined, new RequestScope('replace')]) {
    const name = scope ? 'replaced.jpg' : 'imported.jpg';
    await world.s3.put(name, bodyOf('the only copy'));
    world.listed.add(world.key(name));
    const failed = () =>
      scope
        ? world.storage.inScope(scope, async () => {
            await world.storage.put(world.key(name), bodyOf('new'), { mime: null, scope });
            throw new Error('the request fails');
          })
        : world.storage.put(world.key(name), { ...bodyOf('new'), md5: 'of other bytes' }, { mime: null });
    expect((await requestsAfterTrial(() => failed().catch(() => undefined)))[0]).toBe(`head ${name}`);
    expect(await world.read(name)).toBe('the only copy');
    world.state.now += 2 * 24 * HOUR;
    await sweep(world.jobs, new AbortController().signal);
    expect(await world.object(name)).toBe('the only copy');
  }
});

test('a name is put under a condition again after a definite refusal', async () => {
  let refusals = 1;
  world.fault = (operation, name) => (operation === 'put' && name === 'photo.jpg' && refusals-- > 0 ? Promise.reject(new StorageError('UNREACHABLE', { refused: true })) : undefined);
  const put = jest.spyOn(world.s3, 'put');
  expect(await requestsAfterTrial(() => upload('photo.jpg', 'ours'))).toEqual(['put photo.jpg', 'put photo.jpg']);
  expect(put.mock.calls.at(-1)?.[2]).toMatchObject({ onlyIfAbsent: true });
});

test.each([
  ['ignores the condition', undefined],
  ['does not know the condition', new StorageError('UNSUPPORTED', { status: 501, refused: true })],
  ['gives no answer', new StorageError('TIMEOUT')],
  ['reports a conflict with another trial', new StorageError('NAME_TAKEN', { status: 409, refused: true })],
])('each fresh file is asked for first where S3 %s', async (_what, error) => {
  const put = world.s3.put.bind(world.s3);
  world.fault = (operation, name, s3) => {
    if (operation !== 'put' || name !== PROBE) return undefined;
    return error ? Promise.reject(error) : s3.put === undefined ? undefined : put(name, bodyOf('probe'));
  };
  expect(await requestsAfterTrial(() => upload('photo.jpg', 'ours'))).toEqual(['head photo.jpg', 'put photo.jpg']);
});

test('a store that overwrites is not tried again', async () => {
  world.fault = (operation, name) => (operation === 'put' && name === PROBE ? world.s3.put(name, bodyOf('probe')) : undefined);
  expect(await world.bucket.overwriting.find(world.bucket.store)).toBe(false);
  world.requests.length = 0;
  world.state.now += 2 * HOUR;
  expect(await world.bucket.overwriting.find(world.bucket.store)).toBe(false);
  expect(world.requests).toEqual([]);
});

test('a trial that showed nothing is repeated after an hour, and one that showed a refusal is not', async () => {
  const trials = () => world.requests.filter((request) => request === `put ${PROBE}`).length;
  world.fault = (operation, name) => (operation === 'put' && name === PROBE ? Promise.reject(new StorageError('TIMEOUT')) : undefined);
  expect(await world.bucket.overwriting.find(world.bucket.store)).toBe(false);
  const failed = trials();
  world.fault = undefined;
  expect(await world.bucket.overwriting.find(world.bucket.store)).toBe(false);
  expect(trials()).toBe(failed);
  world.state.now += HOUR;
  expect(await world.bucket.overwriting.find(world.bucket.store)).toBe(true);
  const tried = trials();
  world.state.now += HOUR;
  await world.bucket.overwriting.find(world.bucket.store);
  expect(trials()).toBe(tried);
  expect(await world.object(PROBE)).toBeUndefined();
});

test('a body that goes in parts, or that S3 may copy, is asked for first: no condition goes with those', async () => {
  const { ledger, clock, bucket } = world;
  const body = (size: number): Body => ({ size, md5: 'd41d8cd98f00b204e9800998ecf8427e', open: () => Readable.from([]) });
  const puts: unknown[] = [];
  world.fault = (operation, name) => {
    if (operation !== 'put' || name === PROBE) return undefined;
    puts.push(name);
    return Promise.resolve({ size: ONE_REQUEST_BYTES + 1, etag: null, md5: 'd41d8cd98f00b204e9800998ecf8427e' });
  };
  expect(await requestsAfterTrial(() => send({ ledger, clock }, bucket, world.key('film.mp4'), body(ONE_REQUEST_BYTES + 1), { mime: null, fresh: true }))).toEqual(['head film.mp4', 'put film.mp4']);
  const copyOf = { bucket: 'other', name: 'old.jpg', etag: 'd41d8cd98f00b204e9800998ecf8427e' };
  world.fault = undefined;
  expect(await requestsAfterTrial(() => send({ ledger, clock }, bucket, world.key('copy.jpg'), body(0), { mime: null, copyOf }))).toEqual(['head copy.jpg', 'put copy.jpg']);
});

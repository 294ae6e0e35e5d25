import { Links, type LinkSettings } from '../../../server/src/core/buckets/links';
import type { ObjectName } from '../../../server/src/core/keys';
import { StorageError } from '../../../server/src/core/errors';
import type { LocationId } from '../../../server/src/core/ledger/words';
import { bucketsWith } from '../../support/buckets';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

let world: MediaWorld;
let settings: LinkSettings;
let links: Links;
let isElsewhere: boolean;
let presigned: unknown[];
const name = 'photo (1)/ä.png' as ObjectName;

beforeEach(async () => {
  world = await mediaWorld({ prefix: 'media/' });
  settings = { delivery: 'redirect', cdnUrl: 'https://cdn.example.com/files/', urlLifetimeMinutes: 60 };
  isElsewhere = false;
  presigned = [];
  const { store } = world.bucket;
  store.presign = async (...asked) => {
    presigned.push(asked);
    return 'https://s3.example.com/bucket/signed?X-Amz-Signature=1';
  };
  links = new Links({ buckets: bucketsWith(world.jobs.buckets, { isElsewhere: () => isElsewhere }), settings: () => settings, clock: world.clock, log: world.jobs.log });
});
afterEach(() => world.close());

const to = (locationId = world.bucket.locationId, options = {}) => links.to({ locationId, object: name }, options);

test('with `proxy`, no visitor is sent away', async () => {
  settings = { ...settings, delivery: 'proxy' };
  expect([await to(), await links.origin()]).toEqual([undefined, undefined]);
});

test('with `redirect`, the URL is signed for its life, and stays the same for half of it', async () => {
  const options = { contentType: 'image/png', contentDisposition: 'attachment' };
  expect(await to(world.bucket.locationId, options)).toBe('https://s3.example.com/bucket/signed?X-Amz-Signature=1');
  expect(presigned).toEqual([[name, { ...options, expiresInSeconds: 3600, steadyForSeconds: 1800 }]]);
  expect(await links.origin()).toBe('https://s3.example.com');
});

test('with `public`, the URL is the address of the CDN and the escaped name of the object', async () => {
  settings = { ...settings, delivery: 'public' };
  expect(await to()).toBe('https://cdn.example.com/files/photo%20%281%29/%C3%A4.png');
  expect(await links.origin()).toBe('https://cdn.example.com');
});

test('without the address of a CDN, `public` sends nobody away', async () => {
  settings = { ...settings, delivery: 'public', cdnUrl: null };
  expect([await to(), await links.origin()]).toEqual([undefined, undefined]);
});

test('an object in another place is sent by this server: browsers cannot get it there', async () => {
  for (const delivery of ['redirect', 'public'] as const) {
    settings = { ...settings, delivery };
    expect(await to(99)).toBeUndefined();
    isElsewhere = true;
    expect(await to()).toBeUndefined();
    isElsewhere = false;
  }
});

test('the CDN has the objects of the present bucket only', async () => {
  const former = 7 as unknown as LocationId;
  const storeAt = (location: LocationId) => (location === former ? { ...world.bucket.store } : world.bucket.store);
  links = new Links({ buckets: bucketsWith(world.jobs.buckets, { storeAt }), settings: () => settings, clock: world.clock, log: world.jobs.log });
  settings = { ...settings, delivery: 'public' };
  expect([await to(former), await to()]).toEqual([undefined, expect.stringContaining('https://cdn.example.com')]);
});

test('while S3 is away nobody is sent there, because another copy may have the bytes', async () => {
  world.fault = () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));
  for (let attempt = 0; attempt < 5; attempt++) await world.bucket.store.head('x').catch(() => undefined);
  expect(world.breaker.state.kind).not.toBe('closed');
  expect(await to()).toBeUndefined();
});

test('an outage is noticed although all visitors read past this server, which asks S3 every ten seconds at most', async () => {
  for (let visitor = 0; visitor < 100; visitor++) expect(await to()).toBeDefined();
  expect(world.requests).toHaveLength(1);
  world.fault = () => Promise.reject(new StorageError('UNREACHABLE', { refused: true }));
  world.state.now += 10_000;
  await to();
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect([world.breaker.state.kind !== 'closed', await to()]).toEqual([true, undefined]);
});

test('where no URL can be signed, this server sends the bytes', async () => {
  world.bucket.store.presign = () => Promise.reject(new StorageError('NO_CREDENTIALS', { refused: true }));
  expect(await to()).toBeUndefined();
  world.bucket.store.presign = async () => null;
  expect(await to()).toBeUndefined();
});

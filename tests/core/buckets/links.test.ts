import { createVerify, generateKeyPairSync } from 'node:crypto';
import { privateKeyFrom } from '../../../server/src/core/store/s3/cdn-url';
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
  settings = { delivery: 'redirect', cdnUrl: 'https://cdn.example.com/files/', urlLifetimeMinutes: 60, cdnKeyPairId: null };
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

describe('a CDN that asks for signatures', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const linksWith = (cdnPrivateKey: string | undefined) => new Links({ buckets: world.jobs.buckets, settings: () => settings, cdnPrivateKey, clock: world.clock, log: world.jobs.log });
  const url = async (signer: Links) => new URL((await signer.to({ locationId: world.bucket.locationId, object: name }, {})) ?? 'none:');
  beforeEach(() => {
    settings = { ...settings, delivery: 'public', cdnKeyPairId: 'K123', urlLifetimeMinutes: 60 };
    world.state.now = Date.UTC(2026, 10, 30, 12, 10);
  });

  test('gets URLs with a signature that it accepts, the same one for half of their life', async () => {
    const signer = linksWith(pem);
    const first = await url(signer);
    expect([first.origin + first.pathname, first.searchParams.get('Key-Pair-Id'), first.searchParams.get('Expires')]).toEqual([
      'https://cdn.example.com/files/photo%20(1)/%C3%A4.png', 'K123', String(Date.UTC(2026, 10, 30, 13) / 1000),
    ]);
    const policy = JSON.stringify({ Statement: [{ Resource: first.origin + first.pathname, Condition: { DateLessThan: { 'AWS:EpochTime': Number(first.searchParams.get('Expires')) } } }] });
    const signature = Buffer.from((first.searchParams.get('Signature') ?? '').replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/'), 'base64');
    expect(createVerify('RSA-SHA1').update(policy).verify(publicKey, signature)).toBe(true);
    world.state.now += 19 * 60_000;
    expect((await url(signer)).href).toBe(first.href);
    world.state.now += 2 * 60_000;
    expect((await url(signer)).searchParams.get('Expires')).toBe(String(Date.UTC(2026, 10, 30, 13, 30) / 1000));
  });

  test('gets no visitors from a server that cannot sign, which says so once', async () => {
    for (const key of [undefined, 'no key at all']) {
      world.lines.length = 0;
      const signer = linksWith(key);
      for (let visitor = 0; visitor < 3; visitor++) expect((await url(signer)).protocol).toBe('none:');
      expect(world.lines.filter((line) => line.includes('no URL of the CDN can be signed'))).toHaveLength(1);
      expect(world.lines.join()).not.toContain('no key at all');
    }
  });

  test('a private key may have its line breaks written as \\n', () => {
    expect(privateKeyFrom(` ${pem.replaceAll('\n', '\\n')} `)).toBe(pem);
    expect([privateKeyFrom(undefined), privateKeyFrom(' ')]).toEqual([undefined, undefined]);
  });
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
  // a page that is loaded now shows the files as soon as S3 is back
  expect([await to(), await links.origin()]).toEqual([undefined, 'https://s3.example.com']);
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

import { systemClock } from '../../server/src/core/clock';
import { createS3Client } from '../../server/src/core/store/s3/client';
import { SignedGets } from '../../server/src/core/store/s3/signed-gets';
import { S3ObjectStore } from '../../server/src/core/store/s3/store';
import { startS3, type S3Server } from '../support/s3';
import { objectListingContract } from './object-listing';
import { objectPresignContract } from './object-presign';
import { objectStoreContract } from './object-store';

let server: S3Server;
const stores: { destroy(): void }[] = [];

beforeAll(async () => {
  server = await startS3();
}, 120_000);
afterAll(async () => {
  for (const client of stores) client.destroy();
  await server.stop();
}, 60_000);

async function makeStore(multipartAbove?: number, getsBySdk = false): Promise<S3ObjectStore> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const client = createS3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    connectTimeoutMs: 1_000,
    timeoutMs: 10_000,
  }, systemClock);
  stores.push(client);
  const bucket = await server.createBucket();
  const signedGets = getsBySdk ? undefined : new SignedGets({ client, bucket, clock: systemClock, connectTimeoutMs: 1_000 });
  return new S3ObjectStore({ client, signedGets, bucket, clock: systemClock, timeoutMs: 10_000, multipartAbove });
}

const MUST_NOT_OVERWRITE = 'a PUT that must not overwrite succeeds only where nothing lies, and else fails with NAME_TAKEN';
const MUST_REPLACE_THE_KNOWN = 'a PUT that must replace a known object succeeds only where it still lies, and else fails and changes nothing';
/** The checks that s3rver does not pass, by title, each with the reason. */
const EMBEDDED_GAPS = {
  'a range answers exactly its bytes, and the size of the whole object': 's3rver answers the whole object for bytes=0-0',
};
/** Further gaps of a single PUT. In uploads in parts s3rver shows nothing before the end either. */
const EMBEDDED_PUT_GAPS = {
  [MUST_NOT_OVERWRITE]: 's3rver takes no notice of the condition',
  [MUST_REPLACE_THE_KNOWN]: 's3rver takes no notice of the condition',
  'a put with fewer or more bytes than announced fails with INTEGRITY, and stores nothing visible': 's3rver keeps what came of a request that was cut off',
  'a put of other bytes than announced fails with INTEGRITY, and stores nothing visible': 's3rver keeps what came of a request that was cut off',
  'a body that fails half-way ends with BODY_FAILED, nothing is visible, and the name stays free': 's3rver keeps what came of a request that was cut off',
  'a put that is aborted fails with ABORTED at once, closes the body, and stores nothing visible': 's3rver keeps what came of a request that was cut off',
};
/** Gaps of every server. */
const PARTS_GAPS = { [MUST_NOT_OVERWRITE]: 'no condition is asked of uploads in parts', [MUST_REPLACE_THE_KNOWN]: 'no condition is asked of uploads in parts' };
const LEAVES_OUT = 's3rver goes on after the first part of a name, and leaves out or repeats its neighbours';
const ESCAPES_TWICE = 's3rver escapes the characters of XML twice';
const EMBEDDED_LISTING_GAPS = {
  'every object is listed once in pages of 1': LEAVES_OUT,
  'every object is listed once in pages of 2': LEAVES_OUT,
  'every object is listed once in pages of 3': LEAVES_OUT,
  'the name a+b&c%d.png is listed as it was given': ESCAPES_TWICE,
  'the name <tag>"quoted".png is listed as it was given': ESCAPES_TWICE,
};
const CHECKS_NO_SIGNATURE = 's3rver is told to check no signature';
const EMBEDDED_PRESIGN_GAPS = {
  'a URL that is changed to another object’s name is refused': CHECKS_NO_SIGNATURE,
  'the URL allows neither PUT nor DELETE': CHECKS_NO_SIGNATURE,
  'an expired URL is refused, and so is one with a later end written into it': CHECKS_NO_SIGNATURE,
  'the answer has the type and disposition that the URL was made with, and another type is refused': CHECKS_NO_SIGNATURE,
};
/** The checks that Ceph does not pass. */
const CEPH_GAPS = { [MUST_REPLACE_THE_KNOWN]: 'Ceph 16 compares the tag with its quotes, and refuses every such PUT' };
const GAPS: Partial<Record<S3Server['kind'], Readonly<Record<string, string>>>> = { embedded: EMBEDDED_GAPS, rgw: CEPH_GAPS };
const gaps = (more = {}) => ({ ...GAPS[server.kind], ...(server.kind === 'embedded' && more) });

objectStoreContract('S3', () => makeStore(), () => gaps(EMBEDDED_PUT_GAPS));
objectStoreContract('S3, objects got by the SDK', () => makeStore(undefined, true), () => gaps(EMBEDDED_PUT_GAPS));
objectStoreContract('S3, everything in parts', () => makeStore(0), () => ({ ...gaps(), ...PARTS_GAPS }));
objectListingContract('S3', () => makeStore(), () => (server.kind === 'embedded' ? EMBEDDED_LISTING_GAPS : {}));
objectPresignContract('S3', () => makeStore(), () => (server.kind === 'embedded' ? EMBEDDED_PRESIGN_GAPS : {}));

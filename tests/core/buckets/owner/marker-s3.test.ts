import { readMarker, writeMarker, type Marker, type Seen } from '../../../../server/src/core/buckets/owner/marker';
import { startS3, type S3Server } from '../../../support/s3';
import { testS3Store } from '../../../support/s3-store';

/** A real S3 takes the marker again and again, whatever it thinks of conditions. */
const MARKER: Marker = { owner: 'us', epoch: 1, token: 't1', heldMs: 0, database: null, server: 'web-1', writtenAt: '2026-11-30T00:00:00.000Z' };

let server: S3Server;
let opened: ReturnType<typeof testS3Store>;
beforeAll(async () => {
  server = await startS3();
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  opened = testS3Store({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, bucket: await server.createBucket() });
}, 120_000);
afterAll(async () => {
  opened?.destroy();
  await server?.stop();
});

const write = (token: string, seen: Seen) => writeMarker(opened.store, 'media/', { ...MARKER, token }, seen);
const read = () => readMarker(opened.store, 'media/');

test('a marker is written, written again over the one that was seen, and not over a later one', async () => {
  expect(await read()).toEqual({ kind: 'absent' });
  expect(await write('t1', { kind: 'absent' })).toBe(true);
  const first = await read();
  expect(await write('t2', first)).toBe(true);
  expect(await read()).toMatchObject({ kind: 'marker', marker: { token: 't2' } });
  // s3rver takes no notice of conditions: only the next look at the marker protects the owner there
  if (server.kind !== 'embedded') expect(await write('late', first)).toBe(false);
  const { marker } = (await read()) as Extract<Seen, { kind: 'marker' }>;
  expect(marker.token).toBe('t2');
}, 60_000);

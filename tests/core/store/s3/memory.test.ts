import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Body } from '../../../../server/src/core/store/object-store';
import { startS3, type S3Server } from '../../../support/s3';
import { testS3Store } from '../../../support/s3-store';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MIB = 1024 * 1024;
const SIZE = 300 * MIB;

/** A body of `size` bytes that is made one MiB at a time. */
function made(size: number): Body {
  const block = Buffer.alloc(MIB, 'abcdefgh');
  const hash = createHash('md5');
  for (let at = 0; at < size; at += MIB) hash.update(block);
  const md5 = hash.digest('hex');
  function* blocks() {
    for (let at = 0; at < size; at += MIB) yield block;
  }
  return { size, md5, open: () => Readable.from(blocks(), { objectMode: false, highWaterMark: 64 * 1024 }) };
}

let server: S3Server;
beforeAll(async () => {
  server = await startS3();
}, 120_000);
afterAll(() => server.stop(), 60_000);

test('an upload of 300 MB in parts takes less than 64 MB of buffers', async () => {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const { store, destroy } = testS3Store({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, bucket: await server.createBucket(), timeoutMs: 20_000 });
  const body = made(SIZE);
  await store.put('warm-up', made(80 * MIB)); // the first upload loads code, connections and buffers that the allocator may keep
  const before = process.memoryUsage();
  let most = 0;
  const watch = setInterval(() => {
    // buffers that nobody needs any more do not count, however late their memory is collected
    collect();
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  }, 50);
  await store.put('large', body);
  clearInterval(watch);
  destroy();
  const grownMb = (most - before.arrayBuffers) / MIB;
  process.stdout.write(`300 MB put: ${grownMb.toFixed(0)} MiB of buffers, rss ${((process.memoryUsage().rss - before.rss) / MIB).toFixed(0)} MiB more\n`);
  expect(grownMb).toBeLessThan(64);
}, 120_000);

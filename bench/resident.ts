import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { someBytes } from '../tests/support/bodies';
import { which } from '../tests/support/process';
import type { S3Kind } from '../tests/support/s3';
import { openStage, type Stage } from '../tests/support/stage';
import { residentMb } from './measure';
import { wrk, type Ask } from './wrk';

export interface ResidentOptions {
  /** Number of mixed requests. */
  readonly requests: number;
  /** Number of clients that read a large file slowly, all at once. */
  readonly slow: number;
  readonly s3?: S3Kind;
  readonly json: boolean;
}

/**
 * Resident memory of one Strapi in MiB, and the time of one more read while the slow clients read, in milliseconds. Garbage is collected before
 * each look but the one at the peak: V8 lets it grow to a multiple of what is in use, with or without the plugin.
 */
interface Seen {
  readonly what: string;
  readonly atRestMb: number;
  readonly peakMb: number;
  readonly afterReadsMb: number;
  readonly whileSlowMb: number;
  readonly readMs: number;
}

const SMALL = { count: 100, size: 50_000 };
const LARGE = { count: 4, size: 16 * 1024 * 1024 };
/** Time after a collection of garbage, in milliseconds. */
const REST_MS = 15_000;

/**
 * Compares the resident memory of a Strapi with the plugin and of one without it: at rest, after mixed reads (small files, parts of large
 * ones, 304 and 404), and while many clients read a large file slowly.
 */
export async function benchResident(options: ResidentOptions): Promise<void> {
  if (!which('wrk')) throw new Error('wrk is not installed: apt-get install wrk');
  const seen: Seen[] = [];
  for (const [what, env] of [['without the plugin', { WITHOUT_S3_STORAGE: 'true' }], ['with the plugin', {}]] as const) {
    const stage = await openStage({ database: { client: 'sqlite' }, s3: options.s3, env: { ...env, NODE_OPTIONS: `--require ${path.join(__dirname, 'collect-garbage.cjs')}` } });
    try {
      if (what === 'with the plugin') await stage.configure({ ...stage.settings, endpoint: stage.s3.endpoint, memoryCacheMb: 64 });
      seen.push(await look(what, stage, options));
    } finally {
      await stage.close();
    }
  }
  if (options.json) return void console.log(JSON.stringify({ ...options, seen }, null, 2));
  for (const { what, atRestMb, peakMb, afterReadsMb, whileSlowMb, readMs } of seen) {
    console.log(`${what.padEnd(20)} at rest ${mb(atRestMb)}  at most ${mb(peakMb)}  after ${options.requests} reads ${mb(afterReadsMb)}  with ${options.slow} slow readers ${mb(whileSlowMb)}  another read ${readMs.toFixed(0)} ms`);
  }
}

async function look(what: string, stage: Stage, { requests, slow }: ResidentOptions): Promise<Seen> {
  const { url } = stage.strapi;
  const small = await upload(stage, SMALL);
  const large = await upload(stage, LARGE);
  const [first = ''] = small;
  const [film = ''] = large;
  const { pid } = stage.strapi;
  const atRestMb = await keptMb(pid);
  const etag = (await fetch(url + first)).headers.get('etag') ?? '';
  const asks: Ask[] = [
    ...small.map((path) => ({ path })),
    ...large.flatMap((path) => [0, 1, 2].map((part) => ({ path, headers: { Range: `bytes=${part * 5_000_000}-${part * 5_000_000 + 65_535}` } }))),
    ...Array.from({ length: 12 }, () => ({ path: first, headers: { 'If-None-Match': etag } })),
    ...Array.from({ length: 4 }, (_, number) => ({ path: `/uploads/unknown-${number}.png` })),
  ];
  let peakMb = 0;
  const timer = setInterval(() => void residentMb(pid).then((now) => (peakMb = Math.max(peakMb, now))), 500);
  for (let done = 0; done < requests; ) done += (await wrk({ connections: 16, seconds: 10, warmUpSeconds: 0, mayFail: true }, url, asks)).requests;
  clearInterval(timer);
  const afterReadsMb = await keptMb(pid);
  const readers = Array.from({ length: slow }, () => slowReader(Number(new URL(url).port), film));
  const whileSlowMb = await keptMb(pid);
  const begun = performance.now();
  await (await fetch(url + (small[1] ?? ''))).arrayBuffer();
  const readMs = performance.now() - begun;
  for (const reader of readers) reader.destroy();
  return { what, atRestMb, peakMb, afterReadsMb, whileSlowMb, readMs };
}

/** A client that takes 16 KiB ten times a second. */
function slowReader(port: number, url: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`GET ${url} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  socket.pause();
  const timer = setInterval(() => void socket.read(16 * 1024), 100);
  socket.once('close', () => clearInterval(timer));
  return socket;
}

async function upload(stage: Stage, { count, size }: { count: number; size: number }): Promise<string[]> {
  const urls: string[] = [];
  for (let number = 0; number < count; number++) {
    const files = await stage.strapi.upload({ name: `${size}-${number}.bin`, type: 'application/octet-stream', bytes: someBytes(size, number + 1) });
    urls.push(...files.map(({ url }) => url));
  }
  return urls;
}

/** Returns the resident memory after a collection of garbage. */
async function keptMb(pid: number): Promise<number> {
  for (let collection = 0; collection < 2; collection++) {
    process.kill(pid, 'SIGUSR2');
    // V8 gives memory back to the system bit by bit
    await sleep(REST_MS);
  }
  return residentMb(pid);
}

const mb = (size: number) => `${size.toFixed(0).padStart(4)} MB`;

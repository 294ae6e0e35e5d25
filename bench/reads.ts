import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { removeFolder, tempFolder, which } from '../tests/support/process';
import type { S3Kind } from '../tests/support/s3';
import { openStage, type Stage } from '../tests/support/stage';
import { someBytes } from '../tests/support/bodies';

const run = promisify(execFile);
const FILES = 100;

export interface ReadsOptions {
  /** Size of each file in bytes. */
  readonly size: number;
  readonly connections: number;
  readonly seconds: number;
  /** Number of times that all ways are measured, one after the other. */
  readonly rounds: number;
  readonly s3?: S3Kind;
  readonly json: boolean;
}

interface Measured {
  readonly perSecond: number;
  readonly p99Ms: number;
}

interface Way {
  readonly name: string;
  /** Brings about what is measured. */
  prepare(): Promise<unknown>;
  readonly origin: () => string;
  readonly urls: () => string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Measures requests for small files with `wrk`, in one run: Strapi's own static route in the same Strapi before the plugin was configured,
 * the plugin with and without its memory for small files, answers 304, and the shortest handler that serves objects with the SDK. One file
 * of each set is asked for after the other.
 */
export async function benchReads(options: ReadsOptions): Promise<void> {
  if (!which('wrk')) throw new Error('wrk is not installed: apt-get install wrk');
  const stage = await openStage({ database: { client: 'sqlite' }, s3: options.s3 });
  let sdk: { child: ChildProcess; port: number } | undefined;
  try {
    const onDisk = await upload(stage, options.size, 'disk');
    const own = await wrk(options, stage.strapi.url, onDisk);
    if ((await stage.configure({ ...stage.settings, endpoint: stage.s3.endpoint })) !== 'read-write') throw new Error('the plugin does not reach its S3 server');
    const inS3 = await upload(stage, options.size, 's3');
    sdk = await startSdk(stage);
    const { port } = sdk;
    const [one = ''] = inS3;
    const etag = (await fetch(`${stage.strapi.url}${one}`)).headers.get('etag') ?? '';
    const ways: Way[] = [
      { name: 'the SDK alone, in a process of its own', prepare: async () => undefined, origin: () => `http://127.0.0.1:${port}`, urls: () => inS3 },
      { name: 'plugin, nothing in memory', prepare: () => stage.configure({ memoryCacheMb: 0 }), origin: () => stage.strapi.url, urls: () => inS3 },
      { name: 'plugin, in memory', prepare: () => stage.configure({ memoryCacheMb: 64 }), origin: () => stage.strapi.url, urls: () => inS3 },
      { name: 'plugin, answer 304', prepare: async () => undefined, origin: () => stage.strapi.url, urls: () => [one], headers: { 'If-None-Match': etag } },
    ];
    const results = new Map<string, Measured[]>();
    for (let round = 0; round < options.rounds; round++) {
      for (const { name, prepare, origin, urls, headers } of ways) {
        await prepare();
        results.set(name, [...(results.get(name) ?? []), await wrk(options, origin(), urls(), headers)]);
      }
    }
    const lines = [{ what: 'Strapi’s own static route (disk)', ...own, ratio: 1 }, ...[...results].map(([what, all]) => ({ what, ...medianOf(all), ratio: medianOf(all).perSecond / own.perSecond }))];
    if (options.json) console.log(JSON.stringify({ ...options, lines }, null, 2));
    else for (const { what, perSecond, p99Ms, ratio } of lines) console.log(`${what.padEnd(42)} ${perSecond.toFixed(0).padStart(7)}/s  p99 ${p99Ms.toFixed(1).padStart(7)} ms  ${ratio.toFixed(2).padStart(5)} ×`);
  } finally {
    sdk?.child.kill();
    await stage.close();
  }
}

async function upload(stage: Stage, size: number, name: string): Promise<string[]> {
  const urls: string[] = [];
  for (let number = 0; number < FILES; number += 10) {
    const files = Array.from({ length: 10 }, (_, index) => ({ name: `${name}-${number + index}.bin`, type: 'application/octet-stream', bytes: someBytes(size, number + index + 1) }));
    urls.push(...(await stage.strapi.upload(files)).map(({ url }) => url));
  }
  return urls;
}

async function startSdk({ s3, bucket }: Stage): Promise<{ child: ChildProcess; port: number }> {
  const env = { ...process.env, S3_ENDPOINT: s3.endpoint, S3_REGION: s3.region, S3_BUCKET: bucket.bucket, S3_KEY: s3.accessKeyId, S3_SECRET: s3.secretAccessKey };
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', path.join(__dirname, 'sdk-handler.ts')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(Number(text)));
    child.once('exit', () => reject(new Error('the handler on the SDK ended')));
  });
  return { child, port };
}

/** Asks for the URLs in turn with `wrk`, from one thread. @throws Error if any answer is an error */
async function wrk({ connections, seconds }: ReadsOptions, origin: string, urls: readonly string[], headers: Readonly<Record<string, string>> = {}): Promise<Measured> {
  const folder = await tempFolder('wrk');
  const script = path.join(folder, 'script.lua');
  const table = (entries: readonly string[]) => `{ ${entries.join(', ')} }`;
  await writeFile(
    script,
    `local urls = ${table(urls.map((url) => JSON.stringify(url)))}
local headers = ${table(Object.entries(headers).map(([name, value]) => `[${JSON.stringify(name)}] = ${JSON.stringify(value)}`))}
local at = 0
request = function() at = at % #urls + 1; return wrk.format("GET", urls[at], headers) end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(99), errors.status + errors.read + errors.timeout))
end
`,
  );
  try {
    const ask = async (duration: number) => (await run('wrk', ['-t1', `-c${connections}`, `-d${duration}s`, '-s', script, origin])).stdout;
    // the first second warms up: code is compiled, connections are opened, and what belongs into memory comes there
    await ask(1);
    const [, requests, micros, p99, failures] = /RESULT (\d+) (\d+) (\d+) (\d+)/.exec(await ask(seconds)) ?? [];
    if (Number(failures) > 0) throw new Error(`${failures} requests to ${origin} failed`);
    return { perSecond: Number(requests) / (Number(micros) / 1e6), p99Ms: Number(p99) / 1000 };
  } finally {
    await removeFolder(folder);
  }
}

function medianOf(all: readonly Measured[]): Measured {
  const middle = (of: keyof Measured) => all.map((one) => one[of]).sort((a, b) => a - b)[Math.floor((all.length - 1) / 2)] as number;
  return { perSecond: middle('perSecond'), p99Ms: middle('p99Ms') };
}

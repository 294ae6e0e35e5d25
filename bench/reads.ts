import { which } from '../tests/support/process';
import type { S3Kind, S3Server } from '../tests/support/s3';
import { openStage, type Stage } from '../tests/support/stage';
import { someBytes } from '../tests/support/bodies';
import { handlersApp, MEMORY_PATH, SDK_PATH } from './handlers-app';
import { wrk, type Measured } from './wrk';

const FILES = 100;
const WARM_UP_SECONDS = 3;

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

interface Way {
  readonly name: string;
  /** Brings about what is measured. */
  prepare(): Promise<unknown>;
  readonly urls: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Measures requests for small files with `wrk`, in one run and in the same Strapi: Strapi's own static route before the plugin was
 * configured, the shortest handlers that a project can have, the plugin with and without its memory for small files, and answers 304. It asks
 * for one file of each set after the other.
 */
export async function benchReads(options: ReadsOptions): Promise<void> {
  if (!which('wrk')) throw new Error('wrk is not installed: apt-get install wrk');
  const envFor = ({ endpoint, region, accessKeyId, secretAccessKey }: S3Server, bucket: string) => ({
    S3_ENDPOINT: endpoint, S3_REGION: region, S3_BUCKET: bucket, S3_KEY: accessKeyId, S3_SECRET: secretAccessKey, HELD_BYTES: String(options.size),
  });
  const stage = await openStage({ database: { client: 'sqlite' }, s3: options.s3, appDir: await handlersApp(), envFor });
  try {
    const { url } = stage.strapi;
    const onDisk = await upload(stage, options.size, 'disk');
    const own: Way = { name: 'Strapi’s own static route (disk)', prepare: async () => undefined, urls: onDisk };
    const results = new Map<string, Measured[]>([[own.name, await repeated(options, () => wrk({ ...options, warmUpSeconds: WARM_UP_SECONDS }, url, own.urls.map((path) => ({ path }))))]]);
    if ((await stage.configure({ ...stage.settings, endpoint: stage.s3.endpoint })) !== 'read-write') throw new Error('the plugin does not reach its S3 server');
    const inS3 = await upload(stage, options.size, 's3');
    const [one = ''] = inS3;
    const etag = (await fetch(`${url}${one}`)).headers.get('etag') ?? '';
    const ways: Way[] = [
      { name: 'a handler with the SDK', prepare: async () => undefined, urls: inS3.map((path) => path.replace('/uploads/', SDK_PATH)) },
      { name: 'plugin, nothing in memory', prepare: () => stage.configure({ memoryCacheMb: 0 }), urls: inS3 },
      { name: 'plugin, in memory', prepare: () => stage.configure({ memoryCacheMb: 64 }), urls: inS3 },
      { name: 'a handler with the bytes in variables', prepare: async () => undefined, urls: inS3.map((_path, number) => `${MEMORY_PATH}${number}`) },
      { name: 'plugin, answer 304', prepare: async () => undefined, urls: [one], headers: { 'If-None-Match': etag } },
      { name: 'a handler that answers 304', prepare: async () => undefined, urls: [`${MEMORY_PATH}0`], headers: { 'If-None-Match': '"held"' } },
    ];
    for (let round = 0; round < options.rounds; round++) {
      for (const { name, prepare, urls, headers } of ways) {
        await prepare();
        results.set(name, [...(results.get(name) ?? []), await wrk({ ...options, warmUpSeconds: WARM_UP_SECONDS }, url, urls.map((path) => ({ path, headers })))]);
      }
    }
    const first = medianOf(results.get(own.name) ?? []).perSecond;
    const lines = [...results].map(([what, all]) => ({ what, ...medianOf(all), ratio: medianOf(all).perSecond / first }));
    if (options.json) console.log(JSON.stringify({ ...options, lines }, null, 2));
    else for (const { what, perSecond, p99Ms, ratio } of lines) console.log(`${what.padEnd(42)} ${perSecond.toFixed(0).padStart(7)}/s  p99 ${p99Ms.toFixed(1).padStart(7)} ms  ${ratio.toFixed(2).padStart(5)} ×`);
  } finally {
    await stage.close();
  }
}

async function repeated<T>({ rounds }: ReadsOptions, measure: () => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let round = 0; round < rounds; round++) all.push(await measure());
  return all;
}

async function upload(stage: Stage, size: number, name: string): Promise<string[]> {
  const urls: string[] = [];
  for (let number = 0; number < FILES; number += 10) {
    const files = Array.from({ length: 10 }, (_, index) => ({ name: `${name}-${number + index}.bin`, type: 'application/octet-stream', bytes: someBytes(size, number + index + 1) }));
    urls.push(...(await stage.strapi.upload(files)).map(({ url }) => url));
  }
  return urls;
}

function medianOf(all: readonly Measured[]): Pick<Measured, 'perSecond' | 'p99Ms'> {
  const middle = (of: keyof Measured) => all.map((one) => one[of]).sort((a, b) => a - b)[Math.floor((all.length - 1) / 2)] as number;
  return { perSecond: middle('perSecond'), p99Ms: middle('p99Ms') };
}

import { existsSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../tests/support/build';
import { someBytes } from '../tests/support/bodies';
import { image, type TestFile } from '../tests/support/images';
import { appWith } from '../tests/support/playground-app';
import { startS3, type S3Kind, type S3Server } from '../tests/support/s3';
import { startStrapi, type StrapiInstance } from '../tests/support/strapi';
import { farAway } from './far-away';
import { quartilesOf, type Quartiles } from './measure';

export interface UploadsOptions {
  /** Number of uploads of each kind to each Strapi. Uploads of large files get fewer. */
  readonly runs: number;
  readonly s3?: S3Kind;
  /** Milliseconds to the server and back; 0: it is on this machine. */
  readonly latencyMs: number;
  /** Names of the kinds to measure; empty: all. */
  readonly only: readonly string[];
  readonly json: boolean;
}

const OFFICIAL = 'the official provider';
const OWN = 'this plugin';
const LOCAL = 'Strapi’s own disk';

/** The official provider as its documentation configures it for a server that is not Amazon’s, without the ACL, which many servers refuse. */
const OFFICIAL_CONFIG = `
module.exports = ({ env }) => ({
  'users-permissions': { config: { jwtSecret: env('JWT_SECRET') } },
  's3-storage': { enabled: false },
  upload: { config: {
    provider: 'aws-s3',
    providerOptions: { s3Options: {
      endpoint: env('OFFICIAL_ENDPOINT'), region: env('OFFICIAL_REGION'), forcePathStyle: true,
      credentials: { accessKeyId: env('OFFICIAL_KEY'), secretAccessKey: env('OFFICIAL_SECRET') },
      params: { Bucket: env('OFFICIAL_BUCKET'), ACL: undefined },
    } },
  } },
});
`;

interface Kind {
  readonly name: string;
  /** The share of the runs that this kind gets. */
  readonly share: number;
  /** Makes the requests of one run, each with its files. They are all sent at once. */
  requests(run: number): Promise<TestFile[]>;
}

const documentOf = (run: number, part = 0): TestFile => ({ name: `document-${run}-${part}.bin`, type: 'application/octet-stream', bytes: someBytes(20_000, 1000 * run + part + 1) });

const KINDS: readonly Kind[] = [
  { name: 'document', share: 1, requests: async (run) => [documentOf(run)] },
  { name: 'image', share: 0.6, requests: async (run) => [await image(`image-${run}.jpg`, 'jpeg', 1600, 1200)] },
  { name: '12-megapixels', share: 0.3, requests: async (run) => [await image(`large-${run}.jpg`, 'jpeg', 4000, 3000)] },
  { name: '200-MB', share: 0.2, requests: async (run) => [{ name: `film-${run}.bin`, type: 'application/octet-stream', bytes: someBytes(200_000_000, run + 1) }] },
  { name: 'eight-at-once', share: 0.6, requests: async (run) => Array.from({ length: 8 }, (_, part) => documentOf(run, part)) },
];

interface Line {
  readonly kind: string;
  /** Milliseconds of each run, by the Strapi that took it. */
  readonly times: Readonly<Record<string, readonly number[]>>;
  /** The time of this plugin beside that of the official provider: quartiles over the pairs. */
  readonly ratio: Quartiles;
}

/** The results as `--json` prints them. */
export interface UploadsResult extends Pick<UploadsOptions, 'runs' | 'latencyMs'> {
  readonly server: string;
  readonly lines: readonly Line[];
}

/**
 * Uploads the same files to three Strapis: one with the official provider for S3, one with this plugin, and one with nothing but its disk. Each
 * file goes to all of them, one after the other, and another one begins each time.
 */
export async function benchUploads(options: UploadsOptions): Promise<void> {
  if (!existsSync(path.join(ROOT, 'node_modules/@strapi/provider-upload-aws-s3'))) throw new Error('@strapi/provider-upload-aws-s3 is not installed: npm install');
  const s3 = await startS3(options.s3, (line) => console.error(line));
  const way = options.latencyMs > 0 ? await farAway(s3.endpoint, options.latencyMs) : undefined;
  const strapis: Record<string, StrapiInstance> = {};
  try {
    const server = { ...s3, endpoint: way?.endpoint ?? s3.endpoint };
    strapis[OFFICIAL] = await official(server, await s3.createBucket());
    strapis[OWN] = await own(server, await s3.createBucket());
    strapis[LOCAL] = await startStrapi({ database: { client: 'sqlite' }, env: { WITHOUT_S3_STORAGE: 'true' } });
    const lines: Line[] = [];
    for (const kind of KINDS.filter(({ name }) => options.only.length === 0 || options.only.includes(name))) {
      const times: Record<string, number[]> = Object.fromEntries(Object.keys(strapis).map((what) => [what, []]));
      const count = Math.max(3, Math.round(options.runs * kind.share));
      for (let run = -1; run < count; run++) {
        const requests = await kind.requests(run + 1);
        const turns = Object.entries(strapis);
        for (const [what, strapi] of run % 2 === 0 ? turns : turns.reverse()) {
          const begun = performance.now();
          await Promise.all(requests.map((file) => strapi.upload(file)));
          // the first run warms up
          if (run >= 0) times[what]?.push(performance.now() - begun);
        }
      }
      const [owns = [], officials = []] = [times[OWN], times[OFFICIAL]];
      lines.push({ kind: kind.name, times, ratio: quartilesOf(owns.map((time, run) => time / (officials[run] as number))) });
    }
    const { runs, latencyMs, json } = options;
    const result: UploadsResult = { runs, latencyMs, server: s3.label, lines };
    if (json) console.log(JSON.stringify(result, null, 2));
    else print(lines, `${s3.label}${options.latencyMs > 0 ? `, ${options.latencyMs} ms away` : ''}`);
  } finally {
    for (const strapi of Object.values(strapis)) await strapi.discard();
    await way?.close();
    await s3.stop();
  }
}

async function official({ endpoint, region, accessKeyId, secretAccessKey }: S3Server, bucket: string): Promise<StrapiInstance> {
  const appDir = await appWith('official', { 'dist/config/plugins.js': OFFICIAL_CONFIG });
  const env = { OFFICIAL_ENDPOINT: endpoint, OFFICIAL_REGION: region, OFFICIAL_KEY: accessKeyId, OFFICIAL_SECRET: secretAccessKey, OFFICIAL_BUCKET: bucket };
  return startStrapi({ database: { client: 'sqlite' }, appDir, env });
}

async function own({ endpoint, region, accessKeyId, secretAccessKey }: S3Server, bucket: string): Promise<StrapiInstance> {
  const strapi = await startStrapi({ database: { client: 'sqlite' } });
  const settings = { provider: 'other', bucket, region, endpoint, forcePathStyle: true, accessKeyId, secretAccessKey };
  const { body } = await strapi.api<{ mode: string }>('PUT', '/s3-storage/settings', settings);
  if (body.mode !== 'read-write') throw new Error(`the plugin does not reach its S3 server: ${JSON.stringify(body)}`);
  return strapi;
}

function print(lines: readonly Line[], server: string): void {
  const whats = Object.keys(lines[0]?.times ?? {});
  console.log(`${server}; milliseconds, median`);
  console.log(''.padEnd(16) + whats.map((what) => what.padStart(24)).join('') + '   plugin ÷ official'.padStart(24));
  for (const { kind, times, ratio } of lines) {
    const cells = whats.map((what) => quartilesOf(times[what] ?? []).median.toFixed(0).padStart(24));
    console.log(`${kind.padEnd(16)}${cells.join('')}      ${ratio.median.toFixed(2)} × (${ratio.lower.toFixed(2)} to ${ratio.upper.toFixed(2)})`);
  }
}

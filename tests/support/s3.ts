import { randomBytes } from 'node:crypto';

import { which } from './process';
import { createRawBucket } from './raw-s3';
import { startEmbedded } from './s3-servers/embedded';
import { startMinio } from './s3-servers/minio';
import { startRgw } from './s3-servers/rgw';
import { S3_KINDS, S3Unavailable, type S3Kind, type StartedServer } from './s3-servers/server';

export type { S3Kind } from './s3-servers/server';

export interface S3Server extends StartedServer {
  /** Makes a fresh bucket. @returns its name */
  createBucket(name?: string): Promise<string>;
}

type Say = (line: string) => void;

const STARTERS: Record<S3Kind, (say: Say) => Promise<StartedServer>> = {
  minio: startMinio,
  rgw: startRgw,
  embedded: startEmbedded,
};

/** A server that somebody else runs. Tests cannot play outages on it. */
function external(endpoint: string): StartedServer {
  const refuse = (): Promise<never> => Promise.reject(new Error('S3_TEST_ENDPOINT is not ours to stop: put the fault proxy in front of it'));
  return {
    kind: 'external',
    label: `S3_TEST_ENDPOINT (${endpoint})`,
    endpoint,
    region: process.env['S3_TEST_REGION'] ?? 'us-east-1',
    accessKeyId: process.env['S3_TEST_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: process.env['S3_TEST_SECRET_ACCESS_KEY'] ?? '',
    halt: refuse,
    resume: refuse,
    stop: () => Promise.resolve(),
  };
}

/** Starts the first server that is here: MinIO (container, then binary), Ceph, or the embedded one, which is always here. */
async function startFirst(say: Say): Promise<StartedServer> {
  try {
    return await startMinio(say);
  } catch (error) {
    if (!(error instanceof S3Unavailable)) throw error;
    // nobody needs to hear that there is neither Docker nor MinIO
    if (error.cause) say(error.message);
  }
  return which('radosgw') ? startRgw() : startEmbedded();
}

function chosenKind(): S3Kind | undefined {
  const value = process.env['S3_TEST_KIND'];
  if (!value) return undefined;
  const kind = S3_KINDS.find((known) => known === value);
  if (!kind) throw new Error(`S3_TEST_KIND=${value}: use ${S3_KINDS.join(', ')}`);
  return kind;
}

async function start(kind: S3Kind | undefined, say: Say): Promise<StartedServer> {
  if (kind) return STARTERS[kind](say);
  const endpoint = process.env['S3_TEST_ENDPOINT'];
  return endpoint ? external(endpoint) : startFirst(say);
}

/** The S3 server under test: the given kind, else `S3_TEST_KIND`, else `S3_TEST_ENDPOINT`, else the first that is here. */
export async function startS3(
  kind: S3Kind | undefined = chosenKind(),
  say: Say = (line) => process.stdout.write(`${line}\n`),
): Promise<S3Server> {
  const server = await start(kind, say);
  say(`S3 server: ${server.label}`);
  return {
    ...server,
    async createBucket(name = `test-${randomBytes(6).toString('hex')}`) {
      await createRawBucket(server, name);
      return name;
    },
  };
}

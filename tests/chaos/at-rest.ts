import { md5Of } from '../support/bodies';
import { waitUntil } from '../support/process';
import type { Answer } from './model';
import { read } from './operations';
import type { Replica, Tracked, World } from './world';

/** The number of reads at once. Strapi serves them in turn anyway. */
const READERS = 8;
/** The time in milliseconds within which the plugin must notice that S3 works again. */
const PATIENCE_MS = 45_000;

export interface Verified {
  files: number;
  bytes: number;
}

/**
 * Reads every file and every format from every replica, while nobody writes and S3 works. The bytes must be those that the clients'
 * model allows, the same everywhere, and from one write.
 */
export async function verifyAll(world: World): Promise<Verified> {
  const verified = { files: 0, bytes: 0 };
  const left = [...world.files];
  const worker = async () => {
    for (let file = left.pop(); file; file = left.pop()) await verify(world, file, verified);
  };
  await Promise.all(Array.from({ length: READERS }, worker));
  return verified;
}

async function verify(world: World, file: Tracked, verified: Verified): Promise<void> {
  for (const replica of world.replicas) {
    const main = await readPatiently(world, replica, file, file.key);
    if (!main) return;
    file.model.settle(main.answer);
    verified.bytes += main.bytes.length;
    for (const key of file.formatKeys) {
      const format = await readPatiently(world, replica, file, key);
      if (!format) continue;
      verified.bytes += format.bytes.length;
      compare(world, file, key, main.answer, format);
    }
  }
  if (!file.model.isGone) verified.files++;
}

function compare(world: World, file: Tracked, key: string, main: Answer, format: { answer: Answer; bytes: Buffer }): void {
  const { answer } = format;
  if (main.kind !== answer.kind) return world.violated(`the file is ${wordFor(main)}, its format ${key} is ${wordFor(answer)}`, file.key);
  if (main.kind === 'missing' || answer.kind === 'missing') return;
  if (main.version !== answer.version) return world.violated(`the file is of version ${main.version}, its format ${key} of version ${answer.version}`, file.key);
  const id = `${main.version} ${key}`;
  const known = file.formatMd5s.get(id);
  const md5 = md5Of(format.bytes);
  if (known !== undefined && known !== md5) world.violated(`the format ${key} has changed: MD5 ${md5} instead of ${known}`, file.key);
  file.formatMd5s.set(id, md5);
}

const wordFor = (answer: Answer): string => (answer.kind === 'missing' ? 'missing' : 'there');

/** Reads again for a while if S3 seems to be away, because a replica may believe that for some seconds more. */
async function readPatiently(world: World, replica: Replica, file: Tracked, key: string): Promise<{ answer: Answer; bytes: Buffer } | null> {
  try {
    return await waitUntil(
      key,
      async () => {
        const seen = await read(world, replica, file, key);
        if (typeof seen === 'string') world.count('read at rest asked again');
        return typeof seen === 'string' ? null : seen;
      },
      PATIENCE_MS,
      500,
    );
  } catch {
    world.violated(`${key} could not be read on ${replica.name} within ${PATIENCE_MS} ms, though S3 works`, file.key);
    return null;
  }
}

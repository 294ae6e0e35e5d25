import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { styleText } from 'node:util';

import { keysOf, type UploadedFile } from '../tests/support/admin-client';
import { sha256 } from '../tests/support/images';
import type { RawBucket } from '../tests/support/raw-s3';
import type { StrapiInstance } from '../tests/support/strapi';
import { table } from './progress';

/** Where the bytes of one key are, seen from outside: the bucket's listing, the folder, and what a visitor gets. */
export interface Landing {
  key: string;
  bytes: number;
  /** Name of the object with these very bytes; null: none, or S3 does not answer. */
  object: string | null;
  /** Path below public/uploads of a file with these very bytes, or null. */
  file: string | null;
  readStatus: number;
}

/** The file and its formats. An object or a file counts only when its bytes are those that a visitor reads. */
export async function landingsOf(strapi: StrapiInstance, bucket: RawBucket | null, uploads: UploadedFile[]): Promise<Landing[]> {
  const objects = bucket ? await bucket.keys() : [];
  const files = (await readdir(strapi.uploadsDir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(strapi.uploadsDir, path.join(entry.parentPath, entry.name)));

  const landing = async (key: string): Promise<Landing> => {
    const answer = await strapi.read(`/uploads/${key}`);
    const digest = sha256(answer.bytes);
    const stem = path.parse(key).name;
    let object: string | null = null;
    for (const name of objects.filter((candidate) => path.basename(candidate).startsWith(stem))) {
      if (bucket && sha256(await bucket.get(name)) === digest) object = name;
    }
    let file: string | null = null;
    for (const name of files) {
      if (sha256(await readFile(path.join(strapi.uploadsDir, name))) === digest) file = name;
    }
    return { key, bytes: answer.bytes.length, object, file, readStatus: answer.status };
  };
  const landings: Landing[] = [];
  for (const key of uploads.flatMap(keysOf)) landings.push(await landing(key));
  return landings;
}

const size = (bytes: number): string => (bytes < 10_000 ? `${bytes} B` : `${(bytes / 1_000).toFixed(0)} kB`);

export function showLandings(landings: Landing[]): void {
  const none = styleText('dim', '–');
  table(
    ['/uploads/…', 'size', 'object in S3', 'file on disk', 'GET'],
    landings.map(({ key, bytes, object, file, readStatus }) => [
      key,
      size(bytes),
      object ? styleText('green', object) : none,
      file ? styleText('yellow', file) : none,
      readStatus === 200 ? styleText('green', '200') : styleText('red', String(readStatus)),
    ]),
  );
}

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { keysOf, type UploadedFile } from './admin-client';
import { image, sha256 } from './images';
import type { StrapiInstance } from './strapi';

/** What a media library held when it was made, as `fs` saw it. */
export interface Library {
  readonly files: UploadedFile[];
  /** Of each key, main files and formats: the SHA-256 of the file in the uploads folder. */
  readonly sums: Map<string, string>;
}

/** Images in one upload. */
const TOGETHER = 20;
/** One in so many is large enough for every format that Strapi makes. */
const LARGE_EVERY = 40;
/** One in so many is a PNG, and a small one: Strapi takes ten times as long over it as over a JPEG. */
const PNG_EVERY = 15;

/** Uploads so many real images into a Strapi whose plugin is not configured, and notes what lies on its disk. */
export async function makeLibrary(strapi: StrapiInstance, images: number): Promise<Library> {
  const files: UploadedFile[] = [];
  for (let from = 0; from < images; from += TOGETHER) {
    const numbers = Array.from({ length: Math.min(TOGETHER, images - from) }, (_, index) => from + index);
    const made = await Promise.all(
      numbers.map((number) => {
        const [width, height] = number % LARGE_EVERY === 0 ? ([1100, 800] as const) : ([260, 180] as const);
        const png = number % PNG_EVERY === 7;
        return image(`Bild ${number} ä.${png ? 'png' : 'jpg'}`, png ? 'png' : 'jpeg', width, height);
      }),
    );
    files.push(...(await strapi.upload(made)));
  }
  const keys = files.flatMap(keysOf);
  const sums = new Map<string, string>();
  for (const key of keys) sums.set(key, sha256(await readFile(path.join(strapi.uploadsDir, key))));
  return { files, sums };
}

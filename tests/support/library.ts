import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { keysOf, type UploadedFile } from './admin-client';
import { image, sha256 } from './images';
import type { StrapiInstance } from './strapi';

/** The content of a media library when it was made, as `fs` saw it. */
export interface Library {
  readonly files: UploadedFile[];
  /** The SHA-256 of the file in the uploads folder, for each key of a main file or a format. */
  readonly sums: Map<string, string>;
}

/** The number of images in one upload. */
const TOGETHER = 20;
/** One image in 40 is large enough for every format that Strapi makes. */
const LARGE_EVERY = 40;
/** One image in 15 is a PNG. It is small, because Strapi takes ten times as long over a PNG as over a JPEG. */
const PNG_EVERY = 15;

/** Uploads `images` real images into a Strapi whose plugin is not configured, and notes the files on its disk. */
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

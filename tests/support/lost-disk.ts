import { mkdir, rm } from 'node:fs/promises';
import { ageVolumes } from './observe-ledger';
import type { StrapiInstance } from './strapi';

/** Starts the app again on an empty uploads folder, at a time when the plugin knows the old volume as vanished. */
export async function restartOnNewDisk(strapi: StrapiInstance): Promise<void> {
  await strapi.stop();
  await rm(strapi.uploadsDir, { recursive: true });
  await mkdir(strapi.uploadsDir);
  await ageVolumes(strapi, 16 * 60_000);
  await strapi.restart();
}

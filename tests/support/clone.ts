import { copyFile, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import Database from 'better-sqlite3';
import { layOutApp } from './playground-app';
import { tempFolder } from './process';
import { startStrapi, type StrapiInstance } from './strapi';

export interface CloneOptions {
  /** Whether the uploads folder is copied as well, as with a disk image. Default: true. Without it, a dump of the database has moved alone. */
  withDisk?: boolean;
}

/** Writes a copy of a running or stopped instance's SQLite database, as a backup does. */
export async function dump(original: StrapiInstance, file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const database = new Database(original.databaseFile!, { readonly: true, timeout: 20_000 });
  try {
    database.prepare('vacuum into ?').run(file);
  } finally {
    database.close();
  }
}

/** Copies a running or stopped instance into a folder of its own, from which {@link startClone} starts it. @returns the folder */
export async function clone(original: StrapiInstance, { withDisk = true }: CloneOptions = {}): Promise<string> {
  const appDir = await tempFolder('clone');
  await layOutApp(appDir);
  await dump(original, path.join(appDir, '.tmp/data.db'));
  if (withDisk) await copyFolder(original.uploadsDir, path.join(appDir, 'public/uploads'));
  return appDir;
}

/** Starts a copy as careless people do: with the original's secrets and environment, and without a word that it is a copy. */
export function startClone(original: StrapiInstance, appDir: string): Promise<StrapiInstance> {
  return startStrapi({ appDir, database: { client: 'sqlite' }, secrets: original.secrets });
}

/** Copies a folder in which somebody works. Files that go meanwhile are missing in the copy, as in any copy of a live disk. */
async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) await copyFolder(source, target);
    else await copyFile(source, target).catch(ignoreVanished);
  }
}

function ignoreVanished(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

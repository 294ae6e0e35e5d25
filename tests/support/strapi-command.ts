import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './build';
import { sha256 } from './images';
import { removeFolder, tempFolder } from './process';
import type { StrapiInstance } from './strapi';

const run = promisify(execFile);

/** Longest time of one command, in milliseconds. */
const LONGEST_MS = 180_000;
/** Greatest output of one command, in bytes. */
const OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs a command of Strapi's in the folder of an app, and never throws for its exit code. */
export async function strapiCommand(app: Pick<StrapiInstance, 'appDir' | 'environment'>, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const bin = path.join(ROOT, 'node_modules/@strapi/strapi/bin/strapi.js');
  const options = { cwd: app.appDir, env: { ...process.env, ...app.environment }, timeout: LONGEST_MS, maxBuffer: OUTPUT_BYTES };
  try {
    const { stdout, stderr } = await run(process.execPath, [bin, ...args], options);
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number | null; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

/** Unpacks an archive of `strapi export --no-encrypt --no-compress` into a folder of its own, and returns the folder. */
export async function unpack(archive: string): Promise<string> {
  const folder = await tempFolder('archive');
  await run('tar', ['-xf', archive, '-C', folder]);
  return folder;
}

/** Packs such a folder again, as `archive`. */
export async function pack(folder: string, archive: string): Promise<void> {
  await run('tar', ['-cf', archive, '-C', folder, ...(await readdir(folder)).sort()]);
}

/** Returns the checksum of each file in an archive by its URL. */
export async function assetsIn(archive: string): Promise<Map<string, string>> {
  const folder = await unpack(archive);
  const uploads = path.join(folder, 'assets/uploads');
  const assets = new Map<string, string>();
  for (const name of await readdir(uploads)) assets.set(`/uploads/${name}`, sha256(await readFile(path.join(uploads, name))));
  await removeFolder(folder);
  return assets;
}

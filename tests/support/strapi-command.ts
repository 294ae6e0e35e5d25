import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './build';
import { sha256 } from './images';
import type { StrapiInstance } from './strapi';

const run = promisify(execFile);

/** Longest time of one command, in milliseconds. */
const LONGEST_MS = 180_000;
/** Greatest output of one command, and greatest size of one file of an archive, in bytes. */
const GREATEST_BYTES = 64 * 1024 * 1024;

/** Runs a command of Strapi's in the folder of an app, and never throws for its exit code. */
export async function strapiCommand(app: Pick<StrapiInstance, 'appDir' | 'environment'>, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const bin = path.join(ROOT, 'node_modules/@strapi/strapi/bin/strapi.js');
  const options = { cwd: app.appDir, env: { ...process.env, ...app.environment }, timeout: LONGEST_MS, maxBuffer: GREATEST_BYTES };
  try {
    const { stdout, stderr } = await run(process.execPath, [bin, ...args], options);
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number | null; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

/** Returns the checksum of each file in an archive by its URL, as tar unpacks the archive. */
export async function assetsIn(archive: string): Promise<Map<string, string>> {
  const { stdout } = await run('tar', ['-tf', archive], { maxBuffer: GREATEST_BYTES });
  const assets = new Map<string, string>();
  for (const entry of stdout.split('\n').filter((line) => line.startsWith('assets/uploads/'))) {
    const { stdout: bytes } = await run('tar', ['-xOf', archive, entry], { encoding: 'buffer', maxBuffer: GREATEST_BYTES });
    assets.set(`/${entry.slice('assets/'.length)}`, sha256(bytes));
  }
  return assets;
}

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { syncFile } from './disk-write';

/**
 * Returns the MD5 of a file, in lower-case hex.
 * @param options.durable also synchronises the file, because its writer may not have done so
 * @throws the error of the file system
 */
export async function md5OfFile(path: string, options: { signal?: AbortSignal; durable?: boolean } = {}): Promise<string> {
  const hash = createHash('md5');
  const file = await open(path, 'r');
  try {
    if (options.durable) await syncFile(file);
    for await (const chunk of file.createReadStream({ autoClose: false, signal: options.signal })) hash.update(chunk as Buffer);
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

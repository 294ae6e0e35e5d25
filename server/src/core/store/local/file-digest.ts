import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { syncFile } from './disk-write';

/**
 * The MD5 of a file, lower-case hex.
 * @param options.durable also synchronises it: whoever wrote it may have left that to the system
 * @throws what the file system says
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

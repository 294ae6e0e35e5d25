import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StorageError } from '../errors';
import { SPOOL_PREFIX } from '../store/local/temporary-files';
import type { Body } from '../store/object-store';

/**
 * Lends a body out of a stream that can be read only once (imports, admin logos). It writes the bytes to a temporary file, so that an
 * attempt, its retry and the disk each read them from the start, and removes the file when `use` has ended.
 * @throws StorageError BODY_FAILED, DISK_FULL, or the error of `use`
 */
export async function withSpooledBody<T>(stream: Readable, use: (body: Body) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), SPOOL_PREFIX));
  try {
    const file = path.join(folder, randomUUID());
    const hash = createHash('md5');
    let size = 0;
    try {
      await pipeline(
        stream,
        async function* (chunks: AsyncIterable<Buffer | string>) {
          for await (const chunk of chunks) {
            // a foreign stream may give text
            const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
            hash.update(bytes);
            size += bytes.length;
            yield bytes;
          }
        },
        createWriteStream(file, { mode: 0o600 }),
      );
    } catch (cause) {
      const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
      throw new StorageError(full ? 'DISK_FULL' : 'BODY_FAILED', { operation: 'spool', cause });
    }
    return await use({ size, md5: hash.digest('hex'), open: () => createReadStream(file) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isStorageError, StorageError } from '../errors';
import type { Body, ObjectStore } from '../store/object-store';
import { SPOOL_PREFIX } from '../store/temporary-files';

/** Reads a stream to its end and says what was in it. The stream is destroyed in any case. */
export async function digest(stream: Readable): Promise<{ size: number; md5: string }> {
  const hash = createHash('md5');
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
  } catch (cause) {
    throw readingFailed(cause);
  } finally {
    stream.destroy();
  }
  return { size, md5: hash.digest('hex') };
}

function readingFailed(cause: unknown): StorageError {
  return isStorageError(cause) ? cause : new StorageError('BODY_FAILED', { operation: 'read', cause });
}

/**
 * A body from something that can be opened again and again.
 * @param first a stream of the same bytes that is open already; it is used up for the digest
 * @throws StorageError BODY_FAILED
 */
export async function reopenableBody(open: () => Readable, first: Readable = open()): Promise<Body> {
  return { ...(await digest(first)), open };
}

/** The body of what a store holds under a name. @throws StorageError of the store's `get` */
export async function storedBody(store: ObjectStore, name: string, signal?: AbortSignal): Promise<Body> {
  return openedBody(store, name, (await store.get(name, { signal })).body);
}

/** The same, of what was opened already. @param first is used up for the digest */
export function openedBody(store: ObjectStore, name: string, first: Readable): Promise<Body> {
  return reopenableBody(() => openLater(async () => (await store.get(name)).body), first);
}

/** The body of what a store holds under a name, as somebody else knows it: whoever stores it finds out whether it is that. */
export function describedBody({ size, md5 }: { size: number; md5: string }, store: ObjectStore, name: string): Body {
  return { size, md5, open: () => openLater(async () => (await store.get(name)).body) };
}

/** A stream whose source is opened when the first byte is asked for; what goes wrong then is emitted by the stream. */
function openLater(open: () => Promise<Readable>): Readable {
  const chunks = async function* () {
    yield* (await open()) as AsyncIterable<Buffer>;
  };
  return Readable.from(chunks(), { objectMode: false });
}

/**
 * Lends a body of a stream that can be read only once (imports, admin logos): its bytes are spooled to a temporary file,
 * so that an attempt, its retry and the disk all get them from the start. The file is gone when `use` has ended.
 * @throws StorageError BODY_FAILED, DISK_FULL or whatever `use` throws
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
            // a stream of somebody else's may give text
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

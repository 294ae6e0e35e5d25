import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { isStorageError, StorageError } from '../errors';
import type { Body, ObjectStore } from './object-store';

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
export async function storedBody(store: Pick<ObjectStore, 'get'>, name: string, signal?: AbortSignal): Promise<Body> {
  return openedBody(store, name, (await store.get(name, { signal })).body);
}

/** The same, of what was opened already. @param first is used up for the digest */
export function openedBody(store: Pick<ObjectStore, 'get'>, name: string, first: Readable): Promise<Body> {
  return reopenableBody(() => openLater(async () => (await store.get(name)).body), first);
}

/** The body of what a store holds under a name, as somebody else knows it: whoever stores it finds out whether it is that. */
export function describedBody({ size, md5 }: { size: number; md5: string }, store: Pick<ObjectStore, 'get'>, name: string): Body {
  return { size, md5, open: () => openLater(async () => (await store.get(name)).body) };
}

/** A stream whose source is opened when the first byte is asked for; what goes wrong then is emitted by the stream. */
function openLater(open: () => Promise<Readable>): Readable {
  const chunks = async function* () {
    yield* (await open()) as AsyncIterable<Buffer>;
  };
  return Readable.from(chunks(), { objectMode: false });
}

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { isStorageError, StorageError } from '../errors';
import { PART_BYTES, type Body, type ObjectStore } from './object-store';

/** Reads a stream to its end and returns the size (bytes) and the MD5 (hex) of its bytes. It destroys the stream in any case. */
export async function digest(stream: Readable, onChunk?: (chunk: Buffer) => void): Promise<{ size: number; md5: string }> {
  const hash = createHash('md5');
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk);
      onChunk?.(chunk);
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
 * Returns the body of something that can be opened again and again.
 * @param first a stream of the same bytes that is open already; the digest reads it to its end
 * @throws StorageError BODY_FAILED
 */
export async function reopenableBody(open: () => Readable, first: Readable = open()): Promise<Body> {
  return { ...(await digest(first)), open };
}

/**
 * Does the same for a body that goes to S3 in parts, and knows the MD5 of each part: the bytes are then sent without being hashed once more.
 * @throws StorageError BODY_FAILED
 */
export async function bodyInParts(open: () => Readable, first: Readable): Promise<Body> {
  const parts = new PartDigests();
  return { ...(await digest(first, (chunk) => parts.update(chunk))), partMd5s: parts.end(), open };
}

/** The MD5s of the parts of {@link PART_BYTES} bytes of a body that comes in pieces. */
class PartDigests {
  readonly #done: string[] = [];
  #hash = createHash('md5');
  #filled = 0;

  update(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + PART_BYTES - this.#filled);
      this.#hash.update(piece);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === PART_BYTES) this.#next();
    }
  }

  end(): readonly string[] {
    if (this.#filled > 0) this.#next();
    return this.#done;
  }

  #next(): void {
    this.#done.push(this.#hash.digest('hex'));
    this.#hash = createHash('md5');
    this.#filled = 0;
  }
}

/** Returns the body of an object in a store. @throws StorageError of the store's `get` */
export async function storedBody(store: Pick<ObjectStore, 'get'>, name: string, signal?: AbortSignal): Promise<Body> {
  return openedBody(store, name, (await store.get(name, { signal })).body);
}

/** Does the same as {@link storedBody} for an object that is open already. @param first its stream; the digest reads it to its end */
export function openedBody(store: Pick<ObjectStore, 'get'>, name: string, first: Readable): Promise<Body> {
  return reopenableBody(() => openLater(async () => (await store.get(name)).body), first);
}

/**
 * Returns the body of an object in a store without reading it. The caller already knows a size and an MD5 for it; whoever stores the
 * body finds out whether the bytes match them.
 */
export function describedBody({ size, md5 }: { size: number; md5: string }, store: Pick<ObjectStore, 'get'>, name: string): Body {
  return { size, md5, open: () => openLater(async () => (await store.get(name)).body) };
}

/** Returns why a store could not be read, where a body from it could not be stored for that reason; else the same error. */
export function failureOfSource(error: unknown): unknown {
  return isStorageError(error, 'BODY_FAILED') && isStorageError(error.cause) ? error.cause : error;
}

/** Returns a stream that opens its source when somebody reads the first byte. It emits any error of the opening. */
function openLater(open: () => Promise<Readable>): Readable {
  const chunks = async function* () {
    yield* (await open()) as AsyncIterable<Buffer>;
  };
  return Readable.from(chunks(), { objectMode: false });
}

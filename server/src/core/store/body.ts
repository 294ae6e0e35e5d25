import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { StorageError } from '../errors';
import { HeldBody } from './held-body';
import type { Body, ByteRange } from './object-store';

/** Throws the error for bytes that differ from those announced. It is `refused`, because nothing was stored. */
function mismatch(name: string, detail: string): never {
  throw new StorageError('INTEGRITY', { operation: 'put', subject: name, detail, refused: true });
}

/** Returns the error with which every store reports that `signal` aborted. */
export function aborted(operation: string, name: string, signal: AbortSignal, refused: boolean): StorageError {
  return new StorageError('ABORTED', { operation, subject: name, refused, cause: signal.reason });
}

/** @throws StorageError ABORTED when `signal` has aborted already. It is `refused`, because the store has received no request yet. */
export function assertNotAborted(operation: string, name: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(operation, name, signal, true);
}

/**
 * Yields the bytes of `body` once and in order. It holds back the last chunk until it has compared the size and the MD5 of all bytes
 * with those that the body announces. Therefore a caller that forwards the chunks as they come can never complete an object of other
 * bytes, even where the receiver checks nothing. It destroys the stream when the iteration ends, however that ends. It calls `came`
 * for each chunk that it has read, before it yields that chunk.
 * @throws StorageError INTEGRITY when the bytes are not those announced; BODY_FAILED when they cannot be read; ABORTED
 *   as soon as `signal` aborts.
 */
export async function* announcedBytes(
  name: string,
  body: Body,
  signal?: AbortSignal,
  came?: () => void,
): AsyncGenerator<Buffer, void, undefined> {
  if (body instanceof HeldBody) {
    // a held body cannot differ from the size and the MD5 that it announces
    for (const piece of body.pieces) {
      assertNotAborted('put', name, signal);
      came?.();
      yield piece;
    }
    return;
  }
  const hash = createHash('md5');
  let size = 0;
  let held: Buffer | undefined;
  for await (const chunk of readAll(name, body, signal)) {
    came?.();
    if (held) yield held;
    size += chunk.length;
    if (size > body.size) mismatch(name, `more than the announced ${body.size} bytes`);
    hash.update(chunk);
    held = chunk;
  }
  if (size !== body.size) mismatch(name, `${size} bytes instead of the announced ${body.size}`);
  if (hash.digest('hex') !== body.md5) mismatch(name, 'the bytes have another MD5 than announced');
  if (held) yield held;
}

/**
 * Does the same as {@link announcedBytes}, but compares only the size: for a caller that lets the receiver compare the MD5 of every part with the
 * one that the body announces for it, and that proves the whole afterwards.
 */
export async function* sizedBytes(name: string, body: Body, signal?: AbortSignal, came?: () => void): AsyncGenerator<Buffer, void, undefined> {
  let size = 0;
  for await (const chunk of readAll(name, body, signal)) {
    came?.();
    size += chunk.length;
    if (size > body.size) mismatch(name, `more than the announced ${body.size} bytes`);
    yield chunk;
  }
  if (size !== body.size) mismatch(name, `${size} bytes instead of the announced ${body.size}`);
}

async function* readAll(name: string, body: Body, signal: AbortSignal | undefined): AsyncGenerator<Buffer, void, undefined> {
  let source: Readable | undefined;
  // a body that hangs must not delay the abort: destroying it ends the wait for its next chunk
  const stop = () => source?.destroy();
  try {
    source = body.open();
    signal?.addEventListener('abort', stop, { once: true });
    for await (const chunk of source) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as Uint8Array | string);
      if (bytes.length > 0) yield bytes;
    }
  } catch (cause) {
    if (signal?.aborted) throw aborted('put', name, signal, true);
    const detail = errorText(cause);
    throw new StorageError('BODY_FAILED', { operation: 'put', subject: name, detail, refused: true, cause });
  } finally {
    signal?.removeEventListener('abort', stop);
    source?.destroy();
  }
  if (signal?.aborted) throw aborted('put', name, signal, true);
}

function errorText(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}

/** Returns the length in bytes of a range of an object of `size` bytes. @throws StorageError REJECTED when the range lies outside it. */
export function rangeLength(name: string, size: number, range: ByteRange | undefined): number {
  if (!range) return size;
  const { start, end } = range;
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start || end >= size) {
    const detail = `range ${start}-${end} of ${size} bytes`;
    throw new StorageError('REJECTED', { operation: 'get', subject: name, detail, refused: true });
  }
  return end - start + 1;
}

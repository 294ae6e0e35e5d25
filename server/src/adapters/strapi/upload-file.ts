import { ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ONE_REQUEST_BYTES, type Body } from '../../core/store/object-store';
import { AT_ONCE } from '../../core/pool/at-once';
import { withSpooledBody } from '../../core/media/spooled-body';
import { bodyInParts, reopenableBody } from '../../core/store/bodies';
import { HeldBody } from '../../core/store/held-body';
import { StorageError } from '../../core/errors';

/** The part that this plugin uses of the file (main file or format) that Strapi gives to its upload providers. */
export interface UploadFile {
  hash: string;
  ext?: string | null;
  mime?: string | null;
  url?: string;
  /** A stream that is open already and can be read once. Whoever consumes the upload owns it. */
  stream?: Readable;
  /** Opens the uploaded bytes. Absent in imports and for logos of the admin panel. */
  getStream?: () => Readable;
  buffer?: Buffer;
}

/** The source of a provider method's bytes: the buffer for `upload` and `replace`, the stream for `uploadStream` and `replaceStream`. */
export type BytesIn = 'buffer' | 'stream';

/**
 * Lends the bytes of a file as a body that can be opened again and again, and spools bytes that cannot. It takes the bytes from where
 * Strapi's own local provider takes them: other code (a scanner, a watermark) may have put a changed stream or buffer there, while
 * `getStream` still opens the original upload. Only if nothing is left to read there does it take the other source, and `getStream` last.
 * @throws StorageError BODY_FAILED if the file has no bytes, or they cannot be read
 */
export async function withBody<T>(file: UploadFile, from: BytesIn, use: (body: Body) => Promise<T>): Promise<T> {
  const { buffer } = file;
  const stream = isUsedUp(file.stream) ? undefined : file.stream;
  if (buffer && (from === 'buffer' || !stream)) {
    const held = HeldBody.of(Buffer.isBuffer(buffer) ? buffer : Buffer.from(buffer));
    // these bytes belong to other code, so the body is a new one: its bytes are compared once more when they are sent
    return use({ size: held.size, md5: held.md5, open: () => held.open() });
  }
  const { getStream } = file;
  const open = getStream && (() => getStream.call(file));
  const first = stream ?? open?.();
  // a file that cannot be opened says so before anybody reads the stream, and nobody may hear it then; the reading fails with the same error
  first?.on('error', () => undefined);
  const size = first && isFileStream(first) && first.readableEncoding === null ? await sizeOf(first) : Infinity;
  if (first && size <= AT_ONCE.heldUploadBytes && heldBytes + size <= AT_ONCE.heldBytes) {
    return whileHeld(size, async () => use(await HeldBody.read(first).catch(unreadable)));
  }
  const reopenable = size > ONE_REQUEST_BYTES ? bodyInParts : reopenableBody;
  if (stream) return open && opensTheSame(open, stream) ? use(await reopenable(open, stream)) : withSpooledBody(stream, use);
  if (open && first) return use(await reopenable(open, first));
  throw new StorageError('BODY_FAILED', { operation: 'upload', subject: file.hash, detail: 'no stream and no buffer' });
}

/** Bytes of uploads that this process holds in memory now. */
let heldBytes = 0;

async function whileHeld<T>(size: number, work: () => Promise<T>): Promise<T> {
  heldBytes += size;
  try {
    return await work();
  } finally {
    heldBytes -= size;
  }
}

/** Returns the size of the file that a stream reads, in bytes; Infinity where it cannot be told, as for a pipe. */
async function sizeOf({ path }: ReadStream): Promise<number> {
  return stat(path).then(
    (stats) => (stats.isFile() ? stats.size : Infinity),
    () => Infinity,
  );
}

function unreadable(cause: unknown): never {
  throw new StorageError('BODY_FAILED', { operation: 'read', cause });
}

/** Whether somebody has read the stream to its end or closed it. */
function isUsedUp(stream: Readable | undefined): boolean {
  return stream !== undefined && (stream.readableEnded || stream.destroyed);
}

/** Whether the stream equals the one that `open` opens: an unread stream of the same part of the same file. */
function opensTheSame(open: () => Readable, stream: Readable): boolean {
  if (!isFileStream(stream) || stream.readableDidRead || stream.readableEncoding !== null) return false;
  const other = open();
  // if the file is gone meanwhile, nobody waits for the error
  other.on('error', () => undefined).destroy();
  return isFileStream(other) && other.path === stream.path && other.start === stream.start && other.end === stream.end;
}

/** Whether this is a stream of a file. Its positions exist at run time, but not in Node's types. */
function isFileStream(stream: Readable): stream is ReadStream & { start?: number; end?: number } {
  return stream instanceof ReadStream;
}

import { ReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Body } from '../../core/store/object-store';
import { withSpooledBody } from '../../core/media/spooled-body';
import { reopenableBody } from '../../core/store/bodies';
import { HeldBody } from '../../core/store/held-body';
import { StorageError } from '../../core/errors';

/** The part of Strapi's file (main file or format) that its upload providers get, as far as this plugin uses it. */
export interface UploadFile {
  hash: string;
  ext?: string | null;
  mime?: string | null;
  url?: string;
  /** Read once. Open already; its owner is whoever consumes the upload. */
  stream?: Readable;
  /** Opens the bytes that were uploaded. Absent in imports and for admin logos. */
  getStream?: () => Readable;
  buffer?: Buffer;
}

/** What a provider method takes its bytes from: `upload` and `replace` from the buffer, `uploadStream` and `replaceStream` from the stream. */
export type BytesIn = 'buffer' | 'stream';

/**
 * Lends the bytes of a file as a body that can be opened again and again, spooling those that cannot. They are taken from where
 * Strapi's own local provider takes them: other code may have put a changed stream or buffer there (a scanner, a watermark), and
 * `getStream` still opens what was uploaded. Only where that place has nothing left to read, the other one counts, `getStream` last.
 * @throws StorageError BODY_FAILED when the file brings no bytes or they cannot be read
 */
export async function withBody<T>(file: UploadFile, from: BytesIn, use: (body: Body) => Promise<T>): Promise<T> {
  const { buffer } = file;
  const stream = isUsedUp(file.stream) ? undefined : file.stream;
  if (buffer && (from === 'buffer' || !stream)) {
    const held = HeldBody.of(Buffer.isBuffer(buffer) ? buffer : Buffer.from(buffer));
    // a body of its own, as these bytes are somebody else's: they are compared once more when they are sent
    return use({ size: held.size, md5: held.md5, open: () => held.open() });
  }
  const { getStream } = file;
  const open = getStream && (() => getStream.call(file));
  if (stream) return open && opensTheSame(open, stream) ? use(await reopenableBody(open, stream)) : withSpooledBody(stream, use);
  if (open) return use(await reopenableBody(open));
  throw new StorageError('BODY_FAILED', { operation: 'upload', subject: file.hash, detail: 'no stream and no buffer' });
}

/** Somebody has read it to its end, or closed it. */
function isUsedUp(stream: Readable | undefined): boolean {
  return stream !== undefined && (stream.readableEnded || stream.destroyed);
}

/** Whether a stream is what `open` opens: an unread stream of the same part of the same file. */
function opensTheSame(open: () => Readable, stream: Readable): boolean {
  if (!isFileStream(stream) || stream.readableDidRead || stream.readableEncoding !== null) return false;
  const other = open();
  // of a file that is gone meanwhile nobody waits for the error
  other.on('error', () => undefined).destroy();
  return isFileStream(other) && other.path === stream.path && other.start === stream.start && other.end === stream.end;
}

/** The positions are there at run time, and not in Node's types. */
function isFileStream(stream: Readable): stream is ReadStream & { start?: number; end?: number } {
  return stream instanceof ReadStream;
}

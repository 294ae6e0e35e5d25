import type { Readable } from 'node:stream';
import type { Body } from '../core/store/object-store';
import { reopenableBody, withSpooledBody } from '../core/media/body';
import { HeldBody } from '../core/store/held-body';
import { StorageError } from '../core/errors';

/** The part of Strapi's file (main file or format) that its upload providers get, as far as this plugin uses it. */
export interface UploadFile {
  hash: string;
  ext?: string | null;
  mime?: string | null;
  url?: string;
  /** Read once. Open already; its owner is whoever consumes the upload. */
  stream?: Readable;
  /** Opens the same bytes again. Absent in imports and for admin logos. */
  getStream?: () => Readable;
  buffer?: Buffer;
}

/**
 * Lends the bytes of a file as a body that can be opened again and again, spooling those that cannot.
 * @throws StorageError BODY_FAILED when the file brings no bytes or they cannot be read
 */
export async function withBody<T>(file: UploadFile, use: (body: Body) => Promise<T>): Promise<T> {
  if (file.getStream) {
    const open = file.getStream;
    return use(await reopenableBody(() => open.call(file), file.stream ?? open.call(file)));
  }
  if (file.stream) return withSpooledBody(file.stream, use);
  if (file.buffer) {
    const held = HeldBody.of(file.buffer);
    // a body of its own, as these bytes are somebody else's: they are compared once more when they are sent
    return use({ size: held.size, md5: held.md5, open: () => held.open() });
  }
  throw new StorageError('BODY_FAILED', { operation: 'upload', subject: file.hash, detail: 'no stream and no buffer' });
}

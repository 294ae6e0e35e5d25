import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Body } from './object-store';

/** Of one piece, in bytes: what a connection takes at once, and a stream of a file gives. */
const PIECE_BYTES = 256 * 1024;

/** A body whose bytes are held, and changed by nobody any more: size and MD5 are theirs, and need not be compared again. */
export class HeldBody implements Body {
  private constructor(
    readonly pieces: readonly Buffer[],
    readonly size: number,
    readonly md5: string,
  ) {}

  static of(bytes: Buffer): HeldBody {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) pieces.push(bytes.subarray(at, at + PIECE_BYTES));
    return new HeldBody(pieces, bytes.length, createHash('md5').update(bytes).digest('hex'));
  }

  /** What is left of a stream, which is destroyed in any case. @throws what the stream fails with */
  static async read(stream: Readable): Promise<HeldBody> {
    const hash = createHash('md5');
    const pieces: Buffer[] = [];
    let size = 0;
    try {
      for await (const piece of stream as AsyncIterable<Buffer>) {
        hash.update(piece);
        pieces.push(piece);
        size += piece.length;
      }
    } finally {
      stream.destroy();
    }
    return new HeldBody(pieces, size, hash.digest('hex'));
  }

  open(): Readable {
    return Readable.from(this.pieces, { objectMode: false });
  }
}

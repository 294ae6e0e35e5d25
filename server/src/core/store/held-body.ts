import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Body } from './object-store';

/** Size of one piece, in bytes. A connection takes about this much at once, and the stream of a file yields as much. */
const PIECE_BYTES = 256 * 1024;

/** A body whose bytes are in memory and never change. Its size and MD5 were computed from them, so nobody has to compare them again. */
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

  /** Reads the rest of a stream, and destroys the stream in any case. @throws the error that the stream emits */
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

  /** Returns all bytes as one buffer; undefined where they are more than a connection takes at once. */
  inOnePiece(): Buffer | undefined {
    if (this.pieces.length === 1) return this.pieces[0];
    return this.size <= PIECE_BYTES ? Buffer.concat(this.pieces) : undefined;
  }

  open(): Readable {
    return Readable.from(this.pieces, { objectMode: false });
  }
}

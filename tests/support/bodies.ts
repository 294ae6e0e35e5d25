import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Body } from '../../server/src/core/store/object-store';

export const md5Of = (bytes: Uint8Array | string): string => createHash('md5').update(bytes).digest('hex');

/** `size` bytes that differ from one position, and from one seed, to the next. */
export function someBytes(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let at = 0; at < size; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 0xff;
  }
  return bytes;
}

/** Yields the bytes in small pieces, as a network gives them. */
function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A body of these bytes; `announced` overrides what it says about them. */
export function bodyOf(bytes: Buffer | string, announced: { size?: number; md5?: string } = {}): Body {
  const all = Buffer.from(bytes);
  return {
    size: announced.size ?? all.length,
    md5: announced.md5 ?? md5Of(all),
    open: () => Readable.from(pieces(all, 16 * 1024), { objectMode: false }),
  };
}

/** A body whose stream fails after `after` bytes, in its first `failures` openings. */
export function failingBody(bytes: Buffer, after: number, failures = Infinity): Body & { readonly opened: number } {
  let opened = 0;
  return {
    size: bytes.length,
    md5: md5Of(bytes),
    get opened() {
      return opened;
    },
    open() {
      opened += 1;
      if (opened > failures) return Readable.from([bytes], { objectMode: false });
      return Readable.from(
        (function* () {
          yield bytes.subarray(0, after);
          throw new Error('the source broke');
        })(),
        { objectMode: false },
      );
    },
  };
}

/** A body that gives `first` and then nothing for ever; `destroyed` tells whether its stream was let go. */
export function hangingBody(bytes: Buffer, first: number): Body & { readonly destroyed: boolean; readonly started: Promise<void> } {
  let stream: Readable | undefined;
  let start: () => void;
  const started = new Promise<void>((resolve) => (start = resolve));
  return {
    size: bytes.length,
    md5: md5Of(bytes),
    started,
    get destroyed() {
      return stream?.destroyed ?? false;
    },
    open() {
      let given = false;
      stream = new Readable({
        read() {
          if (given) start();
          else this.push(bytes.subarray(0, first));
          given = true;
        },
      });
      return stream;
    },
  };
}

export async function bytesOf(stream: Readable | Buffer): Promise<Buffer> {
  if (Buffer.isBuffer(stream)) return stream;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

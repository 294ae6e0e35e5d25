/** A piece of a body. Its buffer is used again, so the bytes are valid only until `release`. */
export interface Part {
  /** Number of the part, from 1. */
  readonly number: number;
  readonly bytes: Buffer;
  /** Gives the buffer back. The caller calls it once, when it no longer needs the bytes. */
  release(): void;
}

/**
 * Yields `source` in pieces of `partSize` bytes; the last piece may be smaller. At most `buffers` pieces are out at a time, and they are
 * all the memory that it uses. A caller that wants another piece has to release one first.
 */
export async function* inParts(
  source: AsyncIterable<Buffer>,
  size: number,
  partSize: number,
  buffers: number,
): AsyncGenerator<Part> {
  const free: Buffer[] = [];
  let allocated = 0;
  const take = (): Buffer => {
    const buffer = free.pop();
    if (buffer) return buffer;
    if (++allocated > buffers) throw new Error(`more than ${buffers} parts are out`);
    return Buffer.allocUnsafeSlow(Math.min(partSize, size));
  };
  const part = (number: number, buffer: Buffer, length: number): Part => ({
    number,
    bytes: buffer.subarray(0, length),
    release: () => void free.push(buffer),
  });

  let number = 1;
  let buffer: Buffer | undefined;
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      buffer ??= take();
      const copied = chunk.copy(buffer, filled, at);
      at += copied;
      filled += copied;
      if (filled < buffer.length) continue;
      yield part(number++, buffer, filled);
      buffer = undefined;
      filled = 0;
    }
  }
  if (buffer) yield part(number, buffer, filled);
}

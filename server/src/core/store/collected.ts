import type { Readable } from 'node:stream';

/**
 * Reads a small body to its end. It is several times cheaper than `buffer` of `node:stream/consumers`, which makes a Blob on the way.
 * @throws the error of the stream
 */
export function collected(body: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    body.on('data', (chunk: Buffer) => void chunks.push(chunk));
    body.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    body.once('error', reject);
    // a stream that was destroyed without an error would let the caller wait for ever
    body.once('close', () => reject(new Error('the stream was closed before its end')));
  });
}

import { pipeline, type Readable, Transform } from 'node:stream';
import { StorageError } from '../../errors';

/** A listing of 1,000 objects, the longest answer that is none, has about 3 MB where every name is as long as can be. In bytes. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/**
 * The same bytes, as many as an answer of S3 can have that is no object: the SDK collects them in memory. A longer body is cut off,
 * and its connection closed, with StorageError NOT_S3.
 */
export function limited(body: Readable, { statusCode: status, headers }: { statusCode: number; headers: Readonly<Record<string, string | undefined>> }): Readable {
  const tooLong = () =>
    // whether a request that S3 answers so was applied, nobody knows
    new StorageError('NOT_S3', { status, detail: `an answer of more than ${MAX_ANSWER_BYTES} bytes`, refused: status >= 300 && status < 500 });
  if (Number(headers['content-length']) > MAX_ANSWER_BYTES) {
    body.destroy();
    throw tooLong();
  }
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) done(tooLong());
      else done(null, chunk);
    },
  });
  // its reader is told of an error by the stream itself
  return pipeline(body, counted, () => undefined);
}

import { pipeline, type Readable, Transform } from 'node:stream';
import { StorageError } from '../../errors';

/**
 * Longest answer that is not an object, in bytes. The longest one in practice, a listing of 1,000 objects, has about 3 MB when every name
 * has the greatest length.
 */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/**
 * Limits the body of an answer that is not an object, because the SDK collects it in memory. It cuts off a longer body and closes its
 * connection.
 * @throws StorageError NOT_S3 for a body that announces a greater length; the returned stream emits the same error
 */
export function limited(body: Readable, { statusCode: status, headers }: { statusCode: number; headers: Readonly<Record<string, string | undefined>> }): Readable {
  const tooLong = () =>
    // nobody knows whether S3 applied a request with such an answer, unless the status is a refusal
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
  // the stream itself emits an error to its reader, so the callback has nothing to do
  return pipeline(body, counted, () => undefined);
}

import { createHash } from 'node:crypto';
import { pipeline, Transform, type Readable } from 'node:stream';
import { StorageError } from '../errors';
import type { ProvenContent } from '../ledger/state';

/**
 * Passes the bytes of `body` on as they come, but holds the last chunk back until all bytes are proven to be `content`. A visitor can
 * therefore never complete a file of other bytes. Destroying the result destroys `body`, and the other way round.
 * The result emits StorageError INTEGRITY if the bytes differ.
 */
export function heldBack(body: Readable, content: ProvenContent, subject: string): Readable {
  const hash = createHash('md5');
  let size = 0;
  let last: Buffer | undefined;
  const proving = new Transform({
    transform(chunk: Buffer, _encoding, passOn) {
      hash.update(chunk);
      size += chunk.length;
      const proven = last;
      last = chunk;
      passOn(null, proven);
    },
    flush(end) {
      if (size === content.size && hash.digest('hex') === content.md5) end(null, last);
      else end(new StorageError('INTEGRITY', { operation: 'get', subject, detail: 'the bytes have another checksum than was stored' }));
    },
  });
  pipeline(body, proving, () => undefined);
  return proving;
}

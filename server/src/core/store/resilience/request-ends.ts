import type { Clock } from '../../clock';
import { codeOf } from '../../errors';
import type { Events, S3Operation } from '../../events';
import type { ObjectStore } from '../object-store';
import { layer } from './layer';

/**
 * Returns the store of a bucket, and tells `requestEnded` for every request to it. A `get` ends when its body is read or given up. The
 * further requests that one call needs (an upload in parts, a removal of parts) end together. `presign` sends no request.
 *
 * It stands right before the bucket, so that each attempt counts, and a request that the breaker holds back does not.
 */
export function tellingEnds(inner: ObjectStore, clock: Pick<Clock, 'elapsed'>, events: Pick<Events, 'emit'>): ObjectStore {
  const begin = (operation: S3Operation) => {
    const startedAt = clock.elapsed();
    return (error?: unknown) => events.emit('requestEnded', { operation, ms: Math.round(clock.elapsed() - startedAt), code: error === undefined ? null : codeOf(error) });
  };
  const told = <A extends unknown[], R>(operation: S3Operation, send: (...args: A) => Promise<R>) => async (...args: A): Promise<R> => {
    const end = begin(operation);
    try {
      const answer = await send(...args);
      end();
      return answer;
    } catch (error) {
      end(error);
      throw error;
    }
  };
  return layer(inner, {
    put: told('put', (name, body, options) => inner.put(name, body, options)),
    head: told('head', (name, options) => inner.head(name, options)),
    get: async (name, options) => {
      const end = begin('get');
      try {
        const answer = await inner.get(name, options);
        answer.body.once('close', () => end(answer.body.errored ?? undefined));
        return answer;
      } catch (error) {
        end(error);
        throw error;
      }
    },
    delete: told('delete', (name, options) => inner.delete(name, options)),
    abortWrites: told('abort', (name, options) => inner.abortWrites(name, options)),
    list: told('list', (prefix, request) => inner.list(prefix, request)),
  });
}

import { Readable } from 'node:stream';
import { StorageError } from '../../errors';
import { Relay } from '../relay';
import type { Exchange } from './exchange';

/** Destroys the body of an answer that nobody reads, because it would hold its connection for ever. */
export function destroyBody({ Body }: { Body?: unknown }): void {
  if (Body instanceof Readable) Body.destroy();
}

/** Returns the body of an answer as the port promises it. The exchange watches it while the reader waits, and ends when the body closes. */
export function relay(source: Readable, length: number, exchange: Exchange): Readable {
  const broken = () => new StorageError('INTEGRITY', { detail: `not the announced ${length} bytes` });
  const body = new Relay(source, {
    length,
    failure: (error) => exchange.failure(error ?? broken()),
    waiting: (yes) => (yes ? exchange.progress() : exchange.rest()),
    closed: () => exchange.close(),
  });
  exchange.signal.addEventListener('abort', () => body.destroy(exchange.failure(undefined)), { once: true });
  return body;
}

import { StorageError } from '../errors';
import type { Body, ObjectFacts } from '../store/object-store';
import type { Patience, PatientStore } from '../store/patience';
import { digest } from './body';

/**
 * Proves that the store holds exactly the bytes of `body` under `name`, by the cheapest means the store offers: the
 * facts its PUT answered, a HEAD, and else the bytes themselves. Existence is never proof.
 * @returns the store's facts of the proven object
 * @throws StorageError INTEGRITY when other bytes are there, OBJECT_NOT_FOUND when none are
 */
export async function prove(
  store: PatientStore,
  name: string,
  body: Pick<Body, 'size' | 'md5'>,
  answered?: ObjectFacts,
  options: { signal?: AbortSignal } & Patience = {},
): Promise<ObjectFacts> {
  if (answered && proves(answered, body)) return answered;
  const facts = await store.head(name, options);
  if (facts.size !== body.size) throw mismatch(name, `${facts.size} bytes instead of ${body.size}`);
  if (proves(facts, body)) return facts;
  const stored = await store.get(name, options);
  const read = await digest(stored.body);
  if (read.size !== body.size || read.md5 !== body.md5) throw mismatch(name, `MD5 ${read.md5} instead of ${body.md5}`);
  return stored.facts;
}

function proves(facts: ObjectFacts, body: Pick<Body, 'size' | 'md5'>): boolean {
  return facts.size === body.size && facts.md5 === body.md5;
}

function mismatch(name: string, detail: string): StorageError {
  return new StorageError('INTEGRITY', { operation: 'verify', subject: name, detail });
}

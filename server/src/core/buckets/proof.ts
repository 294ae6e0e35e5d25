import { StorageError } from '../errors';
import type { Proof } from '../ledger/words';
import type { Body, ObjectFacts, ObjectStore, RequestOptions } from '../store/object-store';
import { digest } from '../store/bodies';

/** By which means a place proves uploads, learnt from the first one and kept from then on. */
export interface ProofMemory {
  readonly known: Proof | null;
  learn(proof: Proof): Promise<void>;
}

export interface ProveOptions extends RequestOptions {
  /** What a HEAD of the name has answered just now. */
  seen?: ObjectFacts;
  /** Of the store's place: spares a HEAD where that is known to prove nothing. */
  memory?: ProofMemory;
}

/** Up to so many bytes no store puts a single PUT together of parts, so its tag is what it always is there. */
const TELLING_BYTES = 1024 * 1024;

/**
 * Proves that the store holds exactly the bytes of `body` under `name`, by the cheapest means the store offers: the
 * facts its PUT answered, a HEAD, and else the bytes themselves. Existence is never proof, and neither are bytes in an archive.
 * @param answered what the PUT of the body has answered
 * @returns the store's facts of the proven object
 * @throws StorageError INTEGRITY when other bytes are there, OBJECT_NOT_FOUND when none are, OBJECT_ARCHIVED when they cannot
 *   be read, or only for a while
 */
export async function prove(
  store: ObjectStore,
  name: string,
  body: Pick<Body, 'size' | 'md5'>,
  answered?: ObjectFacts,
  { seen, memory, ...options }: ProveOptions = {},
): Promise<ObjectFacts> {
  // what somebody else has put there tells nothing of the next upload
  const by = async (proof: Proof, facts: ObjectFacts) => {
    if (answered && body.size <= TELLING_BYTES && memory && memory.known !== proof) await memory.learn(proof);
    return facts;
  };
  if (answered && proves(answered, body)) return by('etag', answered);
  if (seen || memory?.known !== 'bytes') {
    const facts = seen ?? (await store.head(name, options));
    requireReadable(name, facts);
    if (facts.size !== body.size) throw mismatch(name, `${facts.size} bytes instead of ${body.size}`);
    if (proves(facts, body)) return by('checksum', facts);
  }
  const stored = await store.get(name, options);
  if (stored.facts.archived) stored.body.destroy();
  requireReadable(name, stored.facts);
  const read = await digest(stored.body);
  const hasOtherBytes =
    read.size !== body.size ||
    // guard: bytes-are-read-back
    read.md5 !== body.md5;
  if (hasOtherBytes) throw mismatch(name, `MD5 ${read.md5} instead of ${body.md5}`);
  return by('bytes', stored.facts);
}

function proves(facts: ObjectFacts, body: Pick<Body, 'size' | 'md5'>): boolean {
  if (facts.size !== body.size) return false;
  // guard: checksum-is-the-proof
  return facts.md5 === body.md5;
}

function requireReadable(name: string, facts: ObjectFacts): void {
  if (facts.archived) throw new StorageError('OBJECT_ARCHIVED', { operation: 'verify', subject: name });
}

function mismatch(name: string, detail: string): StorageError {
  return new StorageError('INTEGRITY', { operation: 'verify', subject: name, detail });
}

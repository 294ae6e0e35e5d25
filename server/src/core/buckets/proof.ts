import { StorageError } from '../errors';
import type { LedgerLocations } from '../ledger/locations';
import type { LocationId, Proof } from '../ledger/words';
import type { Body, ObjectFacts, ObjectStore, RequestOptions } from '../store/object-store';
import { digest } from '../store/bodies';

/** Remembers by which kind of proof a location proves uploads. It learns that from the first upload. */
export interface ProofMemory {
  readonly known: Proof | null;
  learn(proof: Proof): Promise<void>;
}

/** Returns the memory of a location, which the ledger keeps. @throws the errors of the ledger's database */
export async function proofMemory(ledger: Pick<LedgerLocations, 'proofOf' | 'noteProof'>, location: LocationId): Promise<ProofMemory> {
  let known = await ledger.proofOf(location);
  return {
    get known() {
      return known;
    },
    learn: async (proof) => {
      known = proof;
      await ledger.noteProof(location, proof);
    },
  };
}

export interface ProveOptions extends RequestOptions {
  /** The facts that a HEAD of the name has just returned. */
  seen?: ObjectFacts;
  /** The memory of the store's location. It saves a HEAD where a HEAD is known to prove nothing. */
  memory?: ProofMemory;
}

/** Largest upload from which the kind of proof is learnt, in bytes. No store splits such a small PUT into parts, so its tag is typical. */
const TELLING_BYTES = 1024 * 1024;

/**
 * Proves that the store holds exactly the bytes of `body` under `name`. It uses the cheapest kind of proof that the store offers: the
 * facts that its PUT returned, a HEAD, or else the bytes themselves. Existence is never a proof, and neither are bytes in an archive.
 * @param answered the facts that the PUT of the body returned
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
  // an object that somebody else has put there tells nothing about the next upload
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

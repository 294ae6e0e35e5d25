import { NoSuchKey } from '@aws-sdk/client-s3';
import { sha256 } from './images';
import type { RawBucket } from './raw-s3';

/** Every object of a bucket with its size and SHA-256, except the markers of owners. */
export type Snapshot = ReadonlyMap<string, string>;

const READERS = 8;

/** Lists a bucket and reads every object. An object that goes meanwhile is left out. */
export async function snapshotOf(bucket: RawBucket): Promise<Snapshot> {
  const left = await bucket.keys();
  const found = new Map<string, string>();
  const reader = async () => {
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const bytes = await bucket.get(name).catch(nothingIfGone);
      if (bytes) found.set(name, `${bytes.length} ${sha256(bytes)}`);
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  return found;
}

function nothingIfGone(error: unknown): undefined {
  if (!(error instanceof NoSuchKey)) throw error;
}

/** Says which objects are new, gone or have other bytes. */
export function changes(before: Snapshot, after: Snapshot): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)];
    if (old === now) return [];
    return [`${name} ${old === undefined ? 'is new' : now === undefined ? 'is gone' : 'has other bytes'}`];
  });
}

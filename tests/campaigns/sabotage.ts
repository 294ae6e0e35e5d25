import type { RawBucket } from '../support/raw-s3';
import type { Books } from './ledger-rows';
import type { World } from './world';

/** Damages two acknowledged files behind the server's back: one byte of an object is changed, another object is removed. */
export async function sabotage(world: World, books: Books, bucket: RawBucket): Promise<void> {
  const keys = world.files.filter(({ kind, model }) => kind === 'text' && !model.mayBeGone).map(({ key }) => key);
  const [damaged, removed] = (await books.rows(keys)).filter(({ state }) => state === 'remote').map(({ object_name }) => object_name);
  if (!damaged || !removed) throw new Error('there are no two files to sabotage: let it run longer');
  const bytes = await bucket.get(damaged);
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  await bucket.put(damaged, bytes);
  await bucket.remove(removed);
}

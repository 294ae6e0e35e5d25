import type { RawBucket } from '../support/raw-s3';
import type { Books } from './ledger-rows';
import { upload } from './operations';
import type { World } from './world';

/** Damages two acknowledged files behind the server's back: it changes one byte of an object, and removes another object. */
export async function sabotage(world: World, books: Books, bucket: RawBucket): Promise<void> {
  await upload(world, world.replicas[0], ['text', 'text']);
  const keys = world.files.slice(-2).map(({ key }) => key);
  const [damaged, removed] = (await books.rows(keys)).map(({ object_name }) => object_name);
  if (!damaged || !removed) throw new Error('S3 works, and an upload did not reach it');
  const bytes = await bucket.get(damaged);
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  await bucket.put(damaged, bytes);
  await bucket.remove(removed);
}

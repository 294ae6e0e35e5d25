import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { StorageError } from '../../errors';
import type { ListedObject, ListRequest, ObjectPage } from '../object-store';
import { bareTag, mayBeArchived } from './answer-facts';

/** Sends one request and returns its answer, with the store's patience and errors. */
type Ask = <T>(send: (abortSignal: AbortSignal) => Promise<T>) => Promise<T>;

/** Returns one page of a bucket's objects; see `ObjectStore.list` for the errors. */
export async function listPage(client: S3Client, Bucket: string, prefix: string, { after, limit }: ListRequest, ask: Ask): Promise<ObjectPage> {
  // names may have characters that XML cannot carry, so they come encoded
  const command = new ListObjectsV2Command({ Bucket, Prefix: prefix || undefined, MaxKeys: limit, ContinuationToken: after, EncodingType: 'url' });
  const answer = await ask((abortSignal) => client.send(command, { abortSignal }));
  const broken = (code: 'NOT_S3' | 'UNSUPPORTED', detail: string) =>
    new StorageError(code, { operation: 'list', subject: Bucket, status: answer.$metadata.httpStatusCode, detail, refused: true });
  // a listing has at least one of these fields; a 200 of another server, parsed as XML, has none
  if (answer.Name === undefined && answer.KeyCount === undefined && answer.IsTruncated === undefined) throw broken('NOT_S3', 'not a listing');
  const objects = objectsOf(answer);
  if (!objects) throw broken('NOT_S3', 'an object without a name or a size');
  if (objects.some(({ name }) => !name.startsWith(prefix))) throw broken('UNSUPPORTED', 'the prefix was ignored');
  if (!answer.IsTruncated) return { objects, next: null };
  const next = answer.NextContinuationToken;
  if (!next || next === after) throw broken('UNSUPPORTED', 'a page that leads to no other');
  return { objects, next };
}

function objectsOf({ Contents = [], EncodingType }: ListObjectsV2CommandOutput): ListedObject[] | undefined {
  const objects: ListedObject[] = [];
  for (const { Key, Size, ETag, StorageClass } of Contents) {
    if (!Key || Size === undefined) return undefined;
    objects.push({ name: EncodingType === 'url' ? decoded(Key) : Key, size: Size, etag: bareTag(ETag), ...(mayBeArchived(StorageClass) && { mayBeArchived: true }) });
  }
  return objects;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    // the name is not UTF-8, so the plugin did not write it
    return name;
  }
}

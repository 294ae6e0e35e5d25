import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import { isStorageError, StorageError } from '../../errors';

/** Sends one request and returns its answer, with the store's patience and errors. */
type Ask = <T>(send: (abortSignal: AbortSignal) => Promise<T>) => Promise<T>;

/** Largest number of pages of one name's uploads. No bucket has as many, so a server that sends more is not S3. */
const MAX_PAGES = 100;

/** Aborts every multipart upload of exactly this name. */
export async function abortUploads(client: S3Client, target: { Bucket: string; Key: string }, ask: Ask): Promise<void> {
  for (const UploadId of await uploadsOf(client, target, ask)) {
    const command = new AbortMultipartUploadCommand({ ...target, UploadId });
    try {
      await ask((abortSignal) => client.send(command, { abortSignal }));
    } catch (error) {
      // the upload ended meanwhile
      if (!isStorageError(error) || error.status !== 404) throw error;
    }
  }
}

async function uploadsOf(client: S3Client, { Bucket, Key }: { Bucket: string; Key: string }, ask: Ask): Promise<string[]> {
  const found: string[] = [];
  let markers: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (let page = 0; page < MAX_PAGES; page++) {
    const command = new ListMultipartUploadsCommand({ Bucket, Prefix: Key, ...markers });
    const answer = await ask((abortSignal) => client.send(command, { abortSignal }));
    // other names begin with this name, too
    for (const upload of answer.Uploads ?? []) if (upload.Key === Key && upload.UploadId) found.push(upload.UploadId);
    const next = { KeyMarker: answer.NextKeyMarker, UploadIdMarker: answer.NextUploadIdMarker };
    const moves = next.KeyMarker !== markers.KeyMarker || next.UploadIdMarker !== markers.UploadIdMarker;
    if (!answer.IsTruncated || !moves) return found;
    markers = next;
  }
  throw new StorageError('UNSUPPORTED', { operation: 'abort', subject: Key, detail: 'a list of uploads that does not end', refused: true });
}

import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import { isStorageError } from '../../errors';

/** One request and its answer, with the store's patience and errors. */
type Ask = <T>(send: (abortSignal: AbortSignal) => Promise<T>) => Promise<T>;

/** Aborts every multipart upload of exactly this name. */
export async function abortUploads(client: S3Client, target: { Bucket: string; Key: string }, ask: Ask): Promise<void> {
  for (const UploadId of await uploadsOf(client, target, ask)) {
    const command = new AbortMultipartUploadCommand({ ...target, UploadId });
    try {
      await ask((abortSignal) => client.send(command, { abortSignal }));
    } catch (error) {
      // it ended meanwhile
      if (!isStorageError(error) || error.status !== 404) throw error;
    }
  }
}

async function uploadsOf(client: S3Client, { Bucket, Key }: { Bucket: string; Key: string }, ask: Ask): Promise<string[]> {
  const found: string[] = [];
  let markers: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const command = new ListMultipartUploadsCommand({ Bucket, Prefix: Key, ...markers });
    const page = await ask((abortSignal) => client.send(command, { abortSignal }));
    // the prefix is also that of other names
    for (const upload of page.Uploads ?? []) if (upload.Key === Key && upload.UploadId) found.push(upload.UploadId);
    const next = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    const moves = next.KeyMarker !== markers.KeyMarker || next.UploadIdMarker !== markers.UploadIdMarker;
    if (!page.IsTruncated || !moves) return found;
    markers = next;
  }
}

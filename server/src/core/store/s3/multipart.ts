import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type S3Client,
  type ServerSideEncryption,
} from '@aws-sdk/client-s3';
import type { Clock } from '../../clock';
import { StorageError } from '../../errors';
import { PART_BYTES } from '../object-store';
import { bareTag } from './answer-facts';
import { BytesOut } from './bytes-out';
import { Exchange } from './exchange';
import { inParts, type Part } from './parts';

/*
 * This file does not use lib-storage's `Upload`. That gives its requests no abort signal, so that it never gives up a part that stalls. It
 * cannot send a Content-MD5 for each part, and it allocates every part anew, so that 1 GB costs more memory than promise P9 in
 * `docs/design.md` allows.
 */

export interface MultipartContext {
  client: S3Client;
  bucket: string;
  clock: Clock;
  name: string;
  /** Longest wait for an answer, in milliseconds. */
  timeoutMs: number;
  signal?: AbortSignal;
}

interface Source {
  readonly size: number;
  /** MD5 of each part (hex), where it is known beforehand. S3 compares the bytes that come with it. */
  readonly md5s: readonly string[] | undefined;
  /** Yields all bytes of the body once, and calls `came` for each chunk that it has read. */
  bytes(signal: AbortSignal, came: () => void): AsyncIterable<Buffer>;
}

interface PartTag {
  PartNumber: number;
  ETag: string | undefined;
}

/** Number of parts that are under way at once. Their buffers, and the one that is being filled, are all the memory of an upload. */
const PARALLEL_PARTS = 3;
/** Longest wait for S3 to put the parts together, in milliseconds. Amazon speaks of minutes, but proxies allow one minute. */
const COMPLETE_TIMEOUT_MS = 60_000;
/** Longest wait for the removal of the parts after a failure, in milliseconds. The caller waits for it. */
const ABORT_TIMEOUT_MS = 2_000;

/** One mebibyte, in bytes. */
const MIB = 1024 * 1024;
/** Returns the size of a part, in bytes. Amazon's minimum is 5 MiB, R2 wants equal parts, and Scaleway takes at most 1,000 parts. */
export function partSizeFor(size: number): number {
  return Math.max(PART_BYTES, Math.ceil(size / 1000 / MIB) * MIB);
}

/**
 * Stores a large object in parts, each of which its Content-MD5 proves. It returns the object's tag, and the tag that the object has if
 * the store computes `md5-of-md5s-N`. An error before S3 puts the parts together is `refused`, because nothing can be visible yet.
 */
export async function putMultipart(
  context: MultipartContext,
  source: Source,
  headers: { ContentType?: string; CacheControl?: string; ServerSideEncryption?: ServerSideEncryption },
): Promise<{ etag: string | null; expectedTag: string }> {
  const target = { Bucket: context.bucket, Key: context.name };
  const create = new CreateMultipartUploadCommand({ ...target, ...headers });
  const { UploadId } = await exchange(context, context.timeoutMs, true, (abortSignal) => context.client.send(create, { abortSignal }));
  if (!UploadId) throw new StorageError('NOT_S3', { operation: 'put', subject: context.name, detail: 'no upload id', refused: true });
  try {
    const { tags, expectedTag } = await sendParts(context, UploadId, source);
    const complete = new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts: tags } });
    const timeoutMs = Math.max(COMPLETE_TIMEOUT_MS, context.timeoutMs);
    const done = await exchange(context, timeoutMs, false, (abortSignal) => context.client.send(complete, { abortSignal }));
    return { etag: bareTag(done.ETag), expectedTag };
  } catch (error) {
    await abandon(context, UploadId);
    throw error;
  }
}

async function sendParts(
  context: MultipartContext,
  uploadId: string,
  { size, md5s: known, bytes }: Source,
): Promise<{ tags: PartTag[]; expectedTag: string }> {
  const reading = new Exchange({ ...context, operation: 'put' });
  const tags: PartTag[] = [];
  const md5s: Buffer[] = [];
  const underWay = new Set<Promise<void>>();
  try {
    reading.expectBody();
    const source = bytes(reading.signal, () => reading.expectBody());
    for await (const part of inParts(source, size, partSizeFor(size), PARALLEL_PARTS + 1)) {
      reading.rest();
      const hex = known?.[part.number - 1];
      const md5 = hex === undefined ? createHash('md5').update(part.bytes).digest() : Buffer.from(hex, 'hex');
      md5s.push(md5);
      const sent: Promise<void> = sendPart({ ...context, signal: reading.signal }, uploadId, part, md5)
        .then((tag) => void (tags[part.number - 1] = tag))
        // a part that fails ends the reading and, through its signal, all other parts
        .catch((error: unknown) => reading.fail(error))
        .finally(() => {
          part.release();
          underWay.delete(sent);
        });
      underWay.add(sent);
      if (underWay.size >= PARALLEL_PARTS) await Promise.race(underWay);
      reading.signal.throwIfAborted();
      reading.expectBody();
    }
    reading.rest();
    await Promise.all(underWay);
    reading.signal.throwIfAborted();
  } catch (error) {
    reading.fail(error);
    // no part may land after the upload was abandoned
    await Promise.all(underWay);
    throw reading.failure(error, true);
  } finally {
    reading.close();
  }
  const composite = createHash('md5').update(Buffer.concat(md5s)).digest('hex');
  return { tags, expectedTag: `${composite}-${md5s.length}` };
}

async function sendPart(context: MultipartContext, UploadId: string, { number, bytes }: Part, md5: Buffer): Promise<PartTag> {
  const sending = new Exchange({ ...context, operation: 'put' });
  const out = new BytesOut(bytes.length, () => slices(bytes), sending, context.clock);
  const command = new UploadPartCommand({
    Bucket: context.bucket,
    Key: context.name,
    UploadId,
    PartNumber: number,
    Body: out.placeholder,
    ContentLength: bytes.length,
    ContentMD5: md5.toString('base64'),
  });
  out.attach(command);
  try {
    const { ETag } = await sending.send((abortSignal) => context.client.send(command, { abortSignal }));
    return { PartNumber: number, ETag };
  } catch (error) {
    throw sending.failure(error, true);
  } finally {
    sending.close();
    out.destroy();
  }
}

/** Yields the bytes in small steps, so that the watchdog notices progress on a slow connection. */
async function* slices(bytes: Buffer, step = 64 * 1024): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

/** Sends one small request and returns its answer. */
async function exchange<T>(
  context: MultipartContext,
  timeoutMs: number,
  refused: boolean,
  send: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  const asking = new Exchange({ ...context, operation: 'put', timeoutMs });
  try {
    return await asking.send(send);
  } catch (error) {
    throw asking.failure(error, refused);
  } finally {
    asking.close();
  }
}

/** Tries to free the parts. Where that fails, a lifecycle rule of the bucket removes them, as after a crash. */
async function abandon(context: MultipartContext, UploadId: string): Promise<void> {
  const command = new AbortMultipartUploadCommand({ Bucket: context.bucket, Key: context.name, UploadId });
  const unhurried = { ...context, signal: undefined };
  await exchange(unhurried, ABORT_TIMEOUT_MS, true, (abortSignal) => context.client.send(command, { abortSignal })).catch(() => undefined);
}

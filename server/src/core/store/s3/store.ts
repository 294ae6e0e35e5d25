import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import type { Clock } from '../../clock';
import { isStorageError, StorageError } from '../../errors';
import { announcedBytes, assertNotAborted, sizedBytes } from '../body';
import { factsByOpening, factsByReading } from '../first-byte';
import { HeldBody } from '../held-body';
import { assertName } from '../names';
import { ONE_REQUEST_BYTES, PART_BYTES, type Body, type ByteRange, type CopySource, type GetOptions, type ListRequest, type ObjectFacts, type ObjectPage, type ObjectStore, type ObjectStream, type PresignOptions, type PutOptions, type RequestOptions } from '../object-store';
import { destroyBody, relay } from './answer-body';
import { bareTag, factsOfAnswer, sizeOfWhole } from './answer-facts';
import { BytesOut } from './bytes-out';
import { copyCommand } from './copy-command';
import { Exchange } from './exchange';
import { headersOf } from './header-values';
import { listPage } from './listing';
import { partSizeFor, putMultipart } from './multipart';
import { presignedUrl } from './presign';
import { rangeHeader, type GetAnswer, type SignedGets } from './signed-gets';
import { abortUploads } from './unfinished';

export interface S3StoreOptions {
  client: S3Client;
  /** Sends the requests for objects. Without it, the SDK does. */
  signedGets?: SignedGets;
  /** Signs the URLs for browsers, which may reach S3 under another name. Without it, the client does. */
  urlSigner?: S3Client;
  bucket: string;
  clock: Clock;
  /** Longest wait for an answer, and longest pause within a body, in milliseconds. */
  timeoutMs: number;
  /**
   * Size above which a body is sent in parts, in bytes. Default: {@link ONE_REQUEST_BYTES}. One request is the better proof (Content-MD5 of the
   * whole), but with parts a lost connection costs less.
   */
  multipartAbove?: number;
  /** The encryption that each PUT requests. Without it, the bucket's own default decides. */
  encryption?: Encryption;
}

const MD5_OF_NOTHING = 'd41d8cd98f00b204e9800998ecf8427e';

/** Statuses with which S3 says that the condition of a PUT does not hold, or that another write to the name is under way. */
const CONDITION_REFUSED: readonly (number | undefined)[] = [412, 409];

/** The encryptions that a PUT can request, as values of `x-amz-server-side-encryption`. */
export type Encryption = 'AES256' | 'aws:kms';

/** Keeps objects in a bucket of any S3-compatible service. It sends no ACL, no checksum header and only requested conditions, and repeats nothing. */
export class S3ObjectStore implements ObjectStore {
  constructor(private readonly options: S3StoreOptions) {}

  /** @throws StorageError whose `refused` is also true when S3 cannot have received the last byte. */
  async put(name: string, body: Body, options: PutOptions = {}): Promise<ObjectFacts> {
    assertName(name, 'put');
    assertNotAborted('put', name, options.signal);
    const isLarge = body.size > (this.options.multipartAbove ?? ONE_REQUEST_BYTES);
    if (isLarge && isConditional(options)) {
      throw new StorageError('UNSUPPORTED', { operation: 'put', subject: name, detail: 'a condition on an upload in parts', refused: true });
    }
    const copied = options.copyOf && !isLarge && !isConditional(options) ? await this.copyWithin(name, body, options.copyOf, options) : undefined;
    const { etag, expectedTag } = copied ?? (await (isLarge ? this.putParts(name, body, options) : this.putWhole(name, body, options)));
    // a tag that differs does not prove damage: with KMS encryption, and on Google for parts, it is not an MD5
    if (etag !== null) return { size: body.size, etag, md5: etag === expectedTag ? body.md5 : null };
    // Ceph 16 completes an upload in parts with an empty tag
    const seen = await this.head(name, options).catch((error: unknown) => {
      // S3 has taken the bytes: a refusal of this HEAD does not mean that it refused the PUT
      if (!(error instanceof StorageError)) throw error;
      const { code, status, detail } = error;
      throw new StorageError(code, { operation: 'put', subject: name, status, detail, refused: false, cause: error });
    });
    if (seen.size !== body.size) {
      throw new StorageError('INTEGRITY', { operation: 'put', subject: name, detail: `S3 has ${seen.size} of ${body.size} bytes` });
    }
    return { ...seen, md5: seen.etag === expectedTag ? body.md5 : null };
  }

  async head(name: string, options: RequestOptions = {}): Promise<ObjectFacts> {
    const answer = await this.ask('head', name, options, (abortSignal) =>
      this.options.client.send(new HeadObjectCommand(this.target(name)), { abortSignal }),
    );
    const { ContentLength: size } = answer;
    const facts = factsOfAnswer(size ?? 0, answer);
    if (facts.size > 0 || facts.md5 === MD5_OF_NOTHING) return facts;
    // Some proxies drop the length from an answer that has no body, or set it to zero. The size of an archived object stays
    // unknown then: the object cannot be read, and nobody needs its size before it can.
    if (facts.archived) return facts;
    const read = await (size === undefined ? factsByReading : factsByOpening)(this, name, options);
    return { ...facts, size: read.size, sizeByOpening: true };
  }

  async get(name: string, options: GetOptions = {}): Promise<ObjectStream> {
    assertName(name, 'get');
    assertNotAborted('get', name, options.signal);
    const { range } = options;
    const exchange = this.exchange('get', name, options);
    let source: unknown;
    try {
      const answer = await exchange.send((abortSignal) => this.sendGet(name, range, abortSignal), destroyBody);
      exchange.rest();
      source = answer.Body;
      const whole = sizeOfWhole(answer.ContentRange) ?? answer.ContentLength;
      const length = range ? range.end - range.start + 1 : whole;
      if (!(source instanceof Readable) || whole === undefined || length === undefined || answer.ContentLength !== length) {
        const detail = range ? 'the range was ignored' : 'no length was announced';
        throw new StorageError('UNSUPPORTED', { operation: 'get', subject: name, detail, refused: true });
      }
      return { facts: factsOfAnswer(whole, answer), body: relay(source, length, exchange) };
    } catch (error) {
      destroyBody({ Body: source });
      exchange.close();
      throw exchange.failure(error);
    }
  }

  private sendGet(name: string, range: ByteRange | undefined, abortSignal: AbortSignal): Promise<GetAnswer> {
    const { client, signedGets } = this.options;
    const bySdk = () => client.send(new GetObjectCommand({ ...this.target(name), Range: range && rangeHeader(range) }), { abortSignal });
    return signedGets ? signedGets.open(name, range, abortSignal, bySdk) : bySdk();
  }

  async delete(name: string, options: RequestOptions = {}): Promise<void> {
    try {
      await this.ask('delete', name, options, (abortSignal) =>
        this.options.client.send(new DeleteObjectCommand(this.target(name)), { abortSignal }),
      );
    } catch (error) {
      // most stores answer 204 for a missing object, and some answer 404
      if (!isStorageError(error, 'OBJECT_NOT_FOUND')) throw error;
    }
  }

  async abortWrites(name: string, options: RequestOptions = {}): Promise<void> {
    await abortUploads(this.options.client, this.target(name), (send) => this.ask('abort', name, options, send));
  }

  async list(prefix: string, request: ListRequest): Promise<ObjectPage> {
    const { client, bucket } = this.options;
    try {
      return await listPage(client, bucket, prefix, request, (send) => this.ask('list', bucket, request, send));
    } catch (error) {
      // S3 answers NoSuchBucket for a missing bucket; a bare 404 comes from another server
      if (isStorageError(error, 'OBJECT_NOT_FOUND')) throw new StorageError('NOT_S3', { operation: 'list', subject: bucket, status: 404, refused: true, cause: error });
      throw error;
    }
  }

  async presign(name: string, options: PresignOptions): Promise<string> {
    const { client, urlSigner = client, clock } = this.options;
    // no request is sent, but the client may have to fetch credentials (those of a role)
    return this.ask('presign', name, options, () => presignedUrl(urlSigner, this.target(name), options, clock, client.config.systemClockOffset));
  }

  private async putWhole(name: string, body: Body, options: PutOptions) {
    const exchange = this.exchange('put', name, options);
    // a small held body cannot differ from its size and MD5, and leaves at once: there is nothing to compare or to watch
    const held = body instanceof HeldBody ? body.inOnePiece() : undefined;
    const out = held ? undefined : new BytesOut(body.size, (came) => announcedBytes(name, body, exchange.signal, came), exchange, this.options.clock);
    const command = new PutObjectCommand({
      ...this.target(name),
      Body: held ?? out?.placeholder,
      ContentLength: body.size,
      ContentMD5: Buffer.from(body.md5, 'hex').toString('base64'),
      ...this.headers(options),
      IfNoneMatch: options.onlyIfAbsent ? '*' : undefined,
      IfMatch: options.onlyIfEtag === undefined ? undefined : `"${options.onlyIfEtag}"`,
    });
    out?.attach(command);
    try {
      const { ETag } = await exchange.send((abortSignal) => this.options.client.send(command, { abortSignal }));
      return { etag: bareTag(ETag), expectedTag: body.md5 };
    } catch (error) {
      const failure = exchange.failure(error, out?.complete === false);
      throw isConditional(options) && CONDITION_REFUSED.includes(failure.status) ? taken(name, failure) : failure;
    } finally {
      exchange.close();
      out?.destroy();
    }
  }

  /** @returns undefined where S3 has refused to copy the object; nothing was stored then */
  private async copyWithin(name: string, { md5 }: Body, source: CopySource, options: PutOptions) {
    const command = copyCommand(this.target(name), source, this.headers(options));
    try {
      const answer = await this.ask('put', name, options, (abortSignal) => this.options.client.send(command, { abortSignal }));
      return { etag: bareTag(answer.CopyObjectResult?.ETag), expectedTag: md5 };
    } catch (error) {
      if (error instanceof StorageError && error.refused && error.status !== undefined && error.status < 500) return undefined;
      throw error;
    }
  }

  private putParts(name: string, body: Body, { contentType, cacheControl, ...options }: PutOptions) {
    const { client, bucket, clock } = this.options;
    const context = { client, bucket, clock, name, timeoutMs: this.patience(options), signal: options.signal };
    const md5s = partSizeFor(body.size) === PART_BYTES ? body.partMd5s : undefined;
    const bytes = md5s ? sizedBytes : announcedBytes;
    return putMultipart(context, { size: body.size, md5s, bytes: (signal, came) => bytes(name, body, signal, came) }, this.headers({ contentType, cacheControl }));
  }

  /** Sends one request that has a short answer. */
  private async ask<T>(operation: string, name: string, options: RequestOptions, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    assertName(name, operation);
    assertNotAborted(operation, name, options.signal);
    const exchange = this.exchange(operation, name, options);
    try {
      return await exchange.send(send);
    } catch (error) {
      throw exchange.failure(error);
    } finally {
      exchange.close();
    }
  }

  private exchange(operation: string, name: string, options: RequestOptions): Exchange {
    return new Exchange({ clock: this.options.clock, operation, name, signal: options.signal, timeoutMs: this.patience(options) });
  }

  private patience({ patienceMs }: RequestOptions): number {
    return Math.min(this.options.timeoutMs, patienceMs ?? Infinity);
  }

  private headers(options: PutOptions) {
    return { ...headersOf(options), ServerSideEncryption: this.options.encryption };
  }

  private target(name: string) {
    return { Bucket: this.options.bucket, Key: name };
  }
}

function isConditional({ onlyIfAbsent, onlyIfEtag }: PutOptions): boolean {
  return onlyIfAbsent === true || onlyIfEtag !== undefined;
}

function taken(name: string, { status, detail, cause }: StorageError): StorageError {
  return new StorageError('NAME_TAKEN', { operation: 'put', subject: name, status, detail, refused: true, cause });
}

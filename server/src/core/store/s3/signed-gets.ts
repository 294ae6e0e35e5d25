import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Dispatcher, Pool } from 'undici';
import type { Clock } from '../../clock';
import { escapedName } from '../names';
import type { ByteRange } from '../object-store';
import type { AnswerHeaders } from './answer-facts';
import { IDLE_CONNECTION_MS } from './client';
import { guardedLookup } from './endpoint';
import { limited } from './limited';
import { presignedUrl } from './presign';

/** An answer with an object, or with a range of one. The names of the fields are those of the SDK. */
export type GetAnswer = AnswerHeaders & Pick<GetObjectCommandOutput, 'ContentLength' | 'ContentRange'> & { Body?: unknown };

type Signer = Awaited<ReturnType<S3Client['config']['signer']>>;
type Credentials = Awaited<ReturnType<S3Client['config']['credentials']>>;
type UnsignedRequest = Parameters<Signer['sign']>[0];

export interface SignedGetsOptions {
  client: S3Client;
  bucket: string;
  clock: Clock;
  /** Longest wait for a TCP connection, in milliseconds. */
  connectTimeoutMs: number;
}

/** The part of a request that is the same for all objects of a bucket. The path of an object is `folder`, then its escaped name. */
interface Base {
  readonly origin: URL;
  readonly folder: string;
  readonly region: string;
  readonly signer: Signer;
  readonly pool: Pool;
}

/** The signed request for a whole object. The signature does not cover the range, so that it serves for every part of the object. */
interface SignedGet {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly by: Credentials;
  /** Time of the signature, by `elapsed` of the clock. */
  readonly at: number;
}

/**
 * Time for which a signature is used again, in milliseconds. S3 accepts it while its date differs from S3's own clock by up to 15 minutes, and
 * the SDK corrects this machine's clock from 5 minutes on (`RequestTimeTooSkewed`; `isClockSkewed` in @aws-sdk/core).
 */
const SIGNED_FOR_MS = 5 * 60_000;
/** Largest number of signed requests in memory, each of about 500 bytes. */
const MAX_SIGNED = 5_000;
/** Time for which only the SDK sends requests after it got an object although S3 had refused a new signature, in milliseconds. */
const REST_MS = 10 * 60_000;

/**
 * Sends the GET of an object without the SDK's middleware, which costs more of this process's time than everything else in a read. The
 * client's own signer signs the request, so that it is the one that the SDK would send, and objects never change, so that a signature
 * serves again while it is valid. Only the answer to a GET that S3 accepts is read here; for a refusal the SDK asks once more, because only
 * the SDK follows redirects, corrects the clock and notices old credentials.
 */
export class SignedGets {
  readonly #signed = new Map<string, SignedGet>();
  #base: Promise<Base> | undefined;
  /** Until this time, by `elapsed` of the clock, the SDK sends all requests. */
  #restsUntil = -Infinity;

  constructor(private readonly options: SignedGetsOptions) {}

  /**
   * Gets an object, or a range of it.
   * @param bySdk sends the same request with the SDK
   * @throws an error as the SDK throws it, or the error of the connection
   */
  async open(name: string, range: ByteRange | undefined, signal: AbortSignal, bySdk: () => Promise<GetAnswer>): Promise<GetAnswer> {
    if (this.options.clock.elapsed() < this.#restsUntil) return bySdk();
    const base = await this.#baseOnce();
    const known = this.#signed.get(name);
    const signed = await this.#signedGet(name, base);
    const { statusCode, headers, body } = await base.pool.request({ path: signed.path, method: 'GET', headers: range ? { ...signed.headers, range: rangeHeader(range) } : signed.headers, signal });
    // undici's body emits an error wherever somebody destroys it, and without a listener that would end the process
    body.on('error', () => undefined);
    if (isObject(statusCode, headers, range)) return objectOf(headers, body);
    const failure = await failureOf(statusCode, headers, body);
    if (failure) throw failure;
    this.#signed.delete(name);
    const answer = await bySdk();
    // a signature that was used before may only have become too old, because the whole machine stood still
    if (signed !== known) this.#restsUntil = this.options.clock.elapsed() + REST_MS;
    return answer;
  }

  async #signedGet(name: string, { origin, folder, region, signer }: Base): Promise<SignedGet> {
    const { clock, client } = this.options;
    const by = await client.config.credentials();
    const known = this.#signed.get(name);
    if (known && clock.elapsed() - known.at < SIGNED_FOR_MS && isSame(known.by, by)) return known;
    const path = folder + escapedName(name);
    const port = origin.port === '' ? undefined : Number(origin.port);
    const unsigned: UnsignedRequest = { method: 'GET', protocol: origin.protocol, hostname: origin.hostname, port, path, query: {}, headers: { host: origin.host } };
    // the SDK learns the time of S3 from its answers
    const signingDate = new Date(clock.now() + client.config.systemClockOffset);
    const { headers } = await signer.sign(unsigned, { signingDate, signingRegion: region, signingService: 's3' });
    const signed = { path, headers, by, at: clock.elapsed() };
    this.#signed.delete(name);
    if (this.#signed.size >= MAX_SIGNED) this.#signed.delete(this.#signed.keys().next().value as string);
    this.#signed.set(name, signed);
    return signed;
  }

  #baseOnce(): Promise<Base> {
    this.#base ??= this.#resolve().catch((error: unknown) => {
      this.#base = undefined;
      throw error;
    });
    return this.#base;
  }

  /** Lets the SDK say where the bucket is. */
  async #resolve(): Promise<Base> {
    const { client, bucket, clock, connectTimeoutMs } = this.options;
    const { config } = client;
    const url = new URL(await presignedUrl(client, { Bucket: bucket, Key: 'x' }, { expiresInSeconds: 1 }, clock, 0));
    const region = await config.region();
    const signer = await config.signer({ name: 'sigv4', signingName: 's3', signingRegion: region, properties: {} });
    const pool = new Pool(url.origin, {
      connect: { lookup: guardedLookup, timeout: connectTimeoutMs },
      keepAliveTimeout: IDLE_CONNECTION_MS,
      keepAliveMaxTimeout: IDLE_CONNECTION_MS,
      // a connection carries one request at a time, because a visitor may read an object slowly
      pipelining: 1,
      // the store's watchdog ends silent requests
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return { origin: new URL(url.origin), folder: url.pathname.slice(0, -1), region, signer, pool };
  }
}

/** Returns the header that asks for a range. */
export function rangeHeader({ start, end }: ByteRange): string {
  return `bytes=${start}-${end}`;
}

function isSame(one: Credentials, other: Credentials): boolean {
  return one.accessKeyId === other.accessKeyId && one.secretAccessKey === other.secretAccessKey && one.sessionToken === other.sessionToken;
}

type Headers = Dispatcher.ResponseData['headers'];

/** Whether this is the answer of S3 with an object, and not the page of another server, see `answer.ts`. */
function isObject(status: number, headers: Headers, range: ByteRange | undefined): boolean {
  if (status !== (range ? 206 : 200)) return false;
  const isPage = (textOf(headers, 'content-type') ?? '').startsWith('text/html');
  return !isPage || textOf(headers, 'x-amz-request-id') !== undefined || textOf(headers, 'etag') !== undefined;
}

function objectOf(headers: Headers, body: Readable): GetAnswer {
  const length = textOf(headers, 'content-length');
  return {
    Body: body,
    ContentLength: length === undefined ? undefined : Number(length),
    ContentRange: textOf(headers, 'content-range'),
    ETag: textOf(headers, 'etag'),
    SSEKMSKeyId: textOf(headers, 'x-amz-server-side-encryption-aws-kms-key-id'),
    SSECustomerAlgorithm: textOf(headers, 'x-amz-server-side-encryption-customer-algorithm'),
    StorageClass: textOf(headers, 'x-amz-storage-class'),
    Restore: textOf(headers, 'x-amz-restore'),
  };
}

/**
 * Returns the error that the SDK would throw for this answer; undefined if the SDK has to ask once more. An S3 that is overloaded or out of
 * order does not get the same request twice, and a missing object needs no second look.
 */
async function failureOf(statusCode: number, headers: Headers, body: Readable): Promise<Error | undefined> {
  const isBusy = statusCode >= 500 || statusCode === 429;
  if (!isBusy && statusCode !== 404) {
    body.destroy();
    return undefined;
  }
  const plain = Object.fromEntries(Object.keys(headers).map((name) => [name, textOf(headers, name)]));
  const xml = await text(limited(body, { statusCode, headers: plain }));
  const name = /<Code>([^<]*)<\/Code>/.exec(xml)?.[1];
  // some other server has answered
  if (!isBusy && name === undefined) return undefined;
  const message = /<Message>([^<]*)<\/Message>/.exec(xml)?.[1] ?? '';
  return Object.assign(new Error(message), { name: name ?? 'Unknown', $metadata: { httpStatusCode: statusCode }, $response: { statusCode, headers: plain } });
}

function textOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

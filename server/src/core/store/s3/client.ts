import { S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../clock';
import { guardedLookup } from './endpoint';
import { inspectAnswers, noticeRefusals } from './answer';
import { NOT_FROM_THE_ENVIRONMENT } from './environment';
import { RoleCredentials, sdkChain, type S3Credentials } from './role-credentials';

export interface S3Config {
  /** URL of the server; undefined for Amazon S3 in the region. */
  endpoint?: string;
  /** URL under which browsers reach the server, where that is another one. */
  publicEndpoint?: string;
  region: string;
  forcePathStyle: boolean;
  /** The keys; undefined where {@link RoleCredentials} gets them from the SDK's default chain (environment, profiles, roles). */
  credentials?: S3Credentials;
  /** True where requests leave without a signature, so that the client looks for no credentials. */
  unsigned?: boolean;
  /** Longest wait for a TCP connection, in milliseconds. */
  connectTimeoutMs: number;
  /** Longest wait for an answer, and longest pause within a body, in milliseconds. The store enforces it, and not the SDK. */
  timeoutMs: number;
}

const nothing = (): void => undefined;
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

const UNSIGNED = {
  credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  signer: { sign: <T>(request: T) => Promise.resolve(request) },
};

/**
 * Time after which the client closes an idle connection, in milliseconds. Most servers close it later; a request on a connection that the
 * server has just closed would fail.
 */
export const IDLE_CONNECTION_MS = 8_000;
/** Largest number of idle connections that the client keeps open. */
const KEPT_IDLE_CONNECTIONS = 64;

/**
 * Makes a client that sends the plainest requests, which every S3-compatible server understands. Each `send` is one HTTP request (two
 * after a region redirect), so that only the decorators decide about repetition.
 */
export function createS3Client(config: S3Config, clock: Clock): S3Client {
  const connections = {
    keepAlive: true,
    timeout: IDLE_CONNECTION_MS,
    maxFreeSockets: KEPT_IDLE_CONNECTIONS,
    // There is no limit: a browser that reads a video slowly holds a connection, and a request that waits for a free one would
    // fail as if nobody could reach the endpoint. Strapi's own requests and the concurrency of the jobs bound their number.
    maxSockets: Infinity,
    // the name of the endpoint may resolve to another address after its check
    lookup: guardedLookup,
  };
  const role = config.credentials || config.unsigned ? undefined : new RoleCredentials(sdkChain(config.region), clock);
  const client = new S3Client({
    ...NOT_FROM_THE_ENVIRONMENT,
    endpoint: config.endpoint,
    region: config.region,
    forcePathStyle: config.forcePathStyle,
    // the SDK keeps credentials without an expiration for ever; an expiration long ago makes it ask before each request
    credentials: config.credentials ?? (role && (async () => ({ ...(await role.provide()), expiration: new Date(0) }))),
    ...(config.unsigned && UNSIGNED),
    maxAttempts: 1,
    // the SDK would warn on the console of each failed upload; whoever catches the error decides whether to log it
    logger: SILENT,
    // any checksum header makes Backblaze B2, Google and older Ceph refuse the request; all servers understand Content-MD5
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    followRegionRedirects: true,
    // this header costs a round trip and a new connection for each upload, and six seconds where a proxy does not answer it
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: config.connectTimeoutMs,
      // zero means no timeout: the SDK's timers do not notice a body that stalls; the store's watchdog does, and tells which wait it was
      requestTimeout: 0,
      socketTimeout: 0,
      httpAgent: connections,
      httpsAgent: connections,
    },
  });
  // this middleware copies a trace id from the environment into a header
  client.middlewareStack.remove('recursionDetectionMiddleware');
  inspectAnswers(client);
  if (role) noticeRefusals(client, role.refused);
  return client;
}

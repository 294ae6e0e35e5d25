import { S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../clock';
import { guardedLookup } from './endpoint';
import { inspectAnswers, noticeRefusals } from './answer';
import { NOT_FROM_THE_ENVIRONMENT } from './environment';
import { RoleCredentials, sdkChain, type S3Credentials } from './role-credentials';

export interface S3Config {
  /** Undefined: Amazon S3 of the region. */
  endpoint?: string;
  region: string;
  forcePathStyle: boolean;
  /** Undefined: the SDK's default chain (environment, profiles, roles), by way of {@link RoleCredentials}. */
  credentials?: S3Credentials;
  /** Requests leave without a signature, and no credentials are looked for. */
  unsigned?: boolean;
  /** Longest wait for a TCP connection, in milliseconds. */
  connectTimeoutMs: number;
  /** Longest wait for an answer, and longest pause within a body, in milliseconds. Kept by the store, not by the SDK. */
  timeoutMs: number;
}

const nothing = (): void => undefined;
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

const UNSIGNED = {
  credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  signer: { sign: <T>(request: T) => Promise.resolve(request) },
};

/** Idle connections are dropped after this: most servers do so later, and a request on a connection just dropped fails. */
const IDLE_CONNECTION_MS = 8_000;
const KEPT_IDLE_CONNECTIONS = 64;

/**
 * A client that sends the plainest requests: every S3-compatible server understands them, and each `send` is one HTTP
 * request (two after a region redirect), so that the decorators alone decide about repetition.
 */
export function createS3Client(config: S3Config, clock: Clock): S3Client {
  const connections = {
    keepAlive: true,
    timeout: IDLE_CONNECTION_MS,
    maxFreeSockets: KEPT_IDLE_CONNECTIONS,
    // No cap: a browser that reads a video slowly holds a connection, and a request that waits for a free one would
    // fail as if the endpoint could not be reached. The editor's server and the jobs' concurrency are the bounds.
    maxSockets: Infinity,
    // an endpoint's name may come to mean another address after it was checked
    lookup: guardedLookup,
  };
  const role = config.credentials || config.unsigned ? undefined : new RoleCredentials(sdkChain(config.region), clock);
  const client = new S3Client({
    ...NOT_FROM_THE_ENVIRONMENT,
    endpoint: config.endpoint,
    region: config.region,
    forcePathStyle: config.forcePathStyle,
    // the SDK keeps what has no end for ever: it is told that the end was long ago, so that it asks before each request
    credentials: config.credentials ?? (role && (async () => ({ ...(await role.provide()), expiration: new Date(0) }))),
    ...(config.unsigned && UNSIGNED),
    maxAttempts: 1,
    // the SDK would warn on the console of each failed upload; what is worth a word is said by those who catch the error
    logger: SILENT,
    // any checksum header makes Backblaze B2, Google and older Ceph refuse the request; Content-MD5 is understood by all
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    followRegionRedirects: true,
    // costs a round trip and a new connection for each upload, and six seconds where a proxy does not answer it
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: config.connectTimeoutMs,
      // zero: none. The SDK's timers do not see a body that stalls; the store's watchdog does, and tells which wait it was
      requestTimeout: 0,
      socketTimeout: 0,
      httpAgent: connections,
      httpsAgent: connections,
    },
  });
  // it copies a trace id from the environment into a header
  client.middlewareStack.remove('recursionDetectionMiddleware');
  inspectAnswers(client);
  if (role) noticeRefusals(client, role.refused);
  return client;
}

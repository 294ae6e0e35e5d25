import { S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../clock';

export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export interface RoleIdentity extends S3Credentials {
  readonly expiration?: Date;
}

/** Longest wait of a request for credentials, in milliseconds. An editor's upload has not yet gone to the disk by then. */
const WAIT_MS = 2_500;
/** Longest wait for one answer of the source, in milliseconds. After that the source counts as failed, and can be asked again. */
const GIVE_UP_MS = 30_000;
/** Shortest time before the source is asked again after a failure or an answer, in milliseconds. */
const REMEMBERED_MS = 5_000;
/**
 * Age at which this class asks again for credentials without an expiration, in milliseconds. Somebody may replace them at any moment, as with a
 * key in a shared file.
 */
const FRESH_MS = 60_000;
/** Time before the expiration of credentials at which this class asks for new ones, in milliseconds. */
const EARLY_MS = 5 * 60_000;

/**
 * Gets the credentials of a role or a profile from a source (a token service, the instance's metadata) that may be slow, silent or away.
 * The first request waits for the source for a bounded time. After a failure no request waits: requests fail at once, while this class
 * asks the source again in the background. It uses earlier credentials until they expire, even those that came after nobody waited for
 * them any more.
 */
export class RoleCredentials {
  #last: { readonly identity: RoleIdentity; readonly at: number } | undefined;
  /** Whether S3 did not accept the last credentials. */
  #wasRefused = false;
  #failure: { readonly error: unknown; readonly at: number } | undefined;
  #asking: Promise<RoleIdentity> | undefined;

  /** @param source asks for the credentials afresh each time it is called */
  constructor(
    private readonly source: () => Promise<RoleIdentity>,
    private readonly clock: Clock,
  ) {}

  /** Returns the credentials for a request. The client calls it before each request. */
  readonly provide = async (): Promise<RoleIdentity> => {
    if (this.#last && !this.#isDue(this.#last)) return this.#last.identity;
    if (!this.#failure) {
      try {
        return await this.#within(this.#ask(), WAIT_MS);
      } catch (error) {
        this.#failure ??= this.#failed(error);
        return this.#lastOr(error);
      }
    }
    const { error, at } = this.#failure;
    if (this.clock.elapsed() - at >= REMEMBERED_MS) this.#askBehindTheScenes();
    return this.#lastOr(error);
  };

  /** Notes that S3 does not accept the last credentials any more. It asks the source at once, and the next request waits for the answer. */
  readonly refused = (): void => {
    if (!this.#last || this.clock.elapsed() - this.#last.at < REMEMBERED_MS) return;
    this.#wasRefused = true;
    if (!this.#failure) this.#askBehindTheScenes();
  };

  #isDue({ identity: { expiration }, at }: { identity: RoleIdentity; at: number }): boolean {
    if (this.#wasRefused) return true;
    const age = this.clock.elapsed() - at;
    if (!expiration) return age >= FRESH_MS;
    const leftMs = expiration.getTime() - this.clock.now();
    return leftMs <= 0 || (leftMs < EARLY_MS && age >= REMEMBERED_MS);
  }

  #askBehindTheScenes(): void {
    this.#ask().catch(() => undefined);
  }

  #ask(): Promise<RoleIdentity> {
    this.#asking ??= this.#within(this.source(), GIVE_UP_MS)
      .then(
        (identity) => {
          this.#failure = undefined;
          this.#wasRefused = false;
          this.#last = { identity, at: this.clock.elapsed() };
          return identity;
        },
        (error: unknown) => {
          this.#failure = this.#failed(error);
          throw error;
        },
      )
      .finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  #failed(error: unknown) {
    return { error, at: this.clock.elapsed() };
  }

  #lastOr(error: unknown): RoleIdentity {
    const last = this.#last?.identity;
    if (last && (!last.expiration || last.expiration.getTime() > this.clock.now())) return last;
    throw error;
  }

  async #within<T>(promise: Promise<T>, limitMs: number): Promise<T> {
    const timer = new AbortController();
    const late = this.clock.sleep(limitMs, timer.signal).then(() => {
      throw Object.assign(new Error(`no credentials within ${limitMs / 1000} s`), { name: 'CredentialsProviderError' });
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      late.catch(() => undefined);
      timer.abort();
    }
  }
}

/** Returns a source that uses the SDK's own chain: environment, profiles, web identity, container, instance. */
export function sdkChain(region: string): () => Promise<RoleIdentity> {
  // without `ignoreCache` the SDK remembers the shared files until the process ends (`readFile.js` of @smithy/core)
  const config = { region, ignoreCache: true };
  // each call makes a new client: a client that waits for a source that fell silent would wait for ever
  return () => new S3Client(config).config.credentials();
}

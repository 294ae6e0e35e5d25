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

/** Longest that a request waits for them, in milliseconds: an editor's upload has not gone to the disk by then. */
const WAIT_MS = 2_500;
/** What has not answered by then never will, in milliseconds: it is asked anew. */
const GIVE_UP_MS = 30_000;
/** How long a failure is remembered, and an answer not doubted, before the source is asked again, in milliseconds. */
const REMEMBERED_MS = 5_000;
/** What names no end may be replaced at any moment, as a key in a shared file is: it is asked for again after this, in milliseconds. */
const FRESH_MS = 60_000;
/** What names an end is asked for again so long before it, in milliseconds. */
const EARLY_MS = 5 * 60_000;

/**
 * Credentials of a role or a profile, from a source (a token service, the instance's metadata) that may be slow, silent or
 * away. The first request waits for it, for a bounded time; after a failure none does: they fail at once, while the source
 * is asked again behind the scenes. What was got before is used until it expires, also where nobody waited for it any more.
 */
export class RoleCredentials {
  #last: { readonly identity: RoleIdentity; readonly at: number } | undefined;
  /** S3 did not accept the last one. */
  #wasRefused = false;
  #failure: { readonly error: unknown; readonly at: number } | undefined;
  #asking: Promise<RoleIdentity> | undefined;

  /** @param source asked afresh each time it is called */
  constructor(
    private readonly source: () => Promise<RoleIdentity>,
    private readonly clock: Clock,
  ) {}

  /** To be asked before each request. */
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

  /** S3 does not accept the last one any more: the source is asked at once, and the next request waits for what it says. */
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

/** The SDK's own chain: environment, profiles, web identity, container, instance. */
export function sdkChain(region: string): () => Promise<RoleIdentity> {
  // The SDK remembers the shared files for as long as the process lives, unless it is told not to (`readFile.js` of @smithy/core).
  const config = { region, ignoreCache: true };
  // a client of its own each time: one that waits for a source that fell silent would wait for ever
  return () => new S3Client(config).config.credentials();
}

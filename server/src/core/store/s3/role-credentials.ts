import { S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../clock';
import type { S3Credentials } from './client';

export interface RoleIdentity extends S3Credentials {
  readonly expiration?: Date;
}

/** Longest that a request waits for them, in milliseconds: an editor's upload has not gone to the disk by then. */
const WAIT_MS = 2_500;
/** What has not answered by then never will, in milliseconds: it is asked anew. */
const GIVE_UP_MS = 30_000;
/** How long a failure is remembered before the source is asked again, in milliseconds. */
const REMEMBERED_MS = 5_000;

/**
 * Credentials of a role or a profile, from a source (a token service, the instance's metadata) that may be slow, silent or
 * away. The first request waits for it, for a bounded time; after a failure none does: they fail at once, while the source
 * is asked again behind the scenes. What was got before is used until it expires.
 */
export class RoleCredentials {
  #last: RoleIdentity | undefined;
  /** Came when nobody waited for it. */
  #unused: RoleIdentity | undefined;
  #failure: { readonly error: unknown; readonly at: number } | undefined;
  #asking: Promise<RoleIdentity> | undefined;

  /** @param source asked afresh each time it is called */
  constructor(
    private readonly source: () => Promise<RoleIdentity>,
    private readonly clock: Clock,
  ) {}

  /** For the SDK, which keeps what it gets until shortly before it expires. */
  readonly provide = async (): Promise<RoleIdentity> => {
    const unused = this.#unused;
    this.#unused = undefined;
    if (unused) return unused;
    if (!this.#failure) {
      try {
        return await this.#within(this.#ask(), WAIT_MS);
      } catch (error) {
        this.#failure ??= this.#failed(error);
        return this.#lastOr(error);
      }
    }
    const { error, at } = this.#failure;
    if (this.clock.elapsed() - at >= REMEMBERED_MS) {
      this.#ask().then(
        (identity) => (this.#unused = identity),
        () => undefined,
      );
    }
    return this.#lastOr(error);
  };

  #ask(): Promise<RoleIdentity> {
    this.#asking ??= this.#within(this.source(), GIVE_UP_MS)
      .then(
        (identity) => {
          this.#failure = undefined;
          return (this.#last = identity);
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
    const last = this.#last;
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
  // a client of its own each time: one that waits for a source that fell silent would wait for ever
  return () => new S3Client({ region }).config.credentials();
}

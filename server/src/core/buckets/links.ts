import type { DeliveryMode } from '../../contracts/settings';
import type { Clock } from '../clock';
import { codeOf, described } from '../errors';
import type { ObjectName } from '../keys';
import type { RemoteCopy } from '../ledger/words';
import type { Logger } from '../log';
import { signedCdnUrl } from '../store/s3/cdn-url';
import { escapedName } from '../store/names';
import type { PresignOptions } from '../store/object-store';
import type { Buckets } from './buckets';
import { probeName } from './s3-probe';

/** The headers that the answer of S3 is to have. A CDN cannot be told. */
export interface LinkOptions {
  /** The `Content-Type`. */
  readonly contentType?: string;
  /** The `Content-Disposition`. */
  readonly contentDisposition?: string;
}

/** The settings that say where visitors get objects. */
export interface LinkSettings {
  readonly delivery: DeliveryMode;
  /** Address before each object's name, for `public`. */
  readonly cdnUrl: string | null;
  readonly urlLifetimeMinutes: number;
  /** The id of the key with which URLs of the CDN are signed; null: they are not. */
  readonly cdnKeyPairId: string | null;
}

export interface LinksDeps {
  readonly buckets: Pick<Buckets, 'readable' | 'breaker' | 'storeAt' | 'isElsewhere'>;
  settings(): LinkSettings;
  /** The private key for the URLs of the CDN, as PEM; undefined where this server has none. */
  readonly cdnPrivateKey?: string;
  readonly clock: Pick<Clock, 'elapsed' | 'now'>;
  readonly log: Logger;
}

/** Time after which the next visitor lets this server see whether S3 is there, in milliseconds. */
const LOOK_EVERY_MS = 10_000;

/** The places to which visitors may be sent for an object. */
export class Links {
  #lookedAt = -Infinity;
  /** Whether the log says why URLs of the CDN cannot be signed. */
  #isTold = false;

  constructor(private readonly deps: LinksDeps) {}

  /**
   * Returns the URL of an object for a visitor. It is the same one for half of its life, in all processes, so that browsers and CDNs find
   * again what they have kept.
   * @returns undefined if this server has to send the bytes itself: the settings say so, S3 is away, or the object lies elsewhere
   */
  async to(remote: Pick<RemoteCopy, 'locationId' | 'object'>, options: LinkOptions): Promise<string | undefined> {
    // while S3 is away, only this server knows whether another copy has the bytes
    if (this.deps.settings().delivery === 'proxy' || this.deps.buckets.breaker?.state.kind !== 'closed') return undefined;
    this.#look();
    return this.#url(remote, options);
  }

  /** Returns the origin to which visitors are sent, such as `https://cdn.example.com`, also while S3 is away; undefined if they are sent nowhere. */
  async origin(): Promise<string | undefined> {
    const { readable } = this.deps.buckets;
    const url = readable && (await this.#url({ locationId: readable.locationId, object: `${readable.prefix}x` as ObjectName }, {}));
    return url === undefined ? undefined : new URL(url).origin;
  }

  async #url(remote: Pick<RemoteCopy, 'locationId' | 'object'>, options: LinkOptions): Promise<string | undefined> {
    const { buckets, log } = this.deps;
    const { delivery, cdnUrl, urlLifetimeMinutes } = this.deps.settings();
    if (delivery === 'proxy') return undefined;
    const store = buckets.storeAt(remote.locationId);
    if (!store || buckets.isElsewhere(remote.locationId)) return undefined;
    if (delivery === 'public') {
      // a CDN has the objects of one bucket
      const isPresent = buckets.readable !== undefined && store === buckets.storeAt(buckets.readable.locationId);
      return isPresent && cdnUrl !== null ? this.#cdnUrl(`${cdnUrl.replace(/\/+$/, '')}/${escapedName(remote.object)}`) : undefined;
    }
    const expiresInSeconds = urlLifetimeMinutes * 60;
    try {
      return await this.signed(remote, { ...options, expiresInSeconds, steadyForSeconds: expiresInSeconds / 2 });
    } catch (error) {
      log.debug(`no URL could be signed for "${remote.object}": ${codeOf(error)}`);
      return undefined;
    }
  }

  /**
   * Returns a URL at which anybody can read the object until it expires, whatever the settings say about visitors.
   * @returns undefined if the object lies at another endpoint, or S3 is off
   * @throws StorageError as {@link ObjectStore.presign} does
   */
  async signed({ locationId, object }: Pick<RemoteCopy, 'locationId' | 'object'>, options: PresignOptions): Promise<string | undefined> {
    const { buckets } = this.deps;
    const store = buckets.isElsewhere(locationId) ? undefined : buckets.storeAt(locationId);
    return (await store?.presign(object, options)) ?? undefined;
  }

  /** Returns the URL as the CDN accepts it; undefined where it asks for a signature, and this server cannot sign. */
  #cdnUrl(url: string): string | undefined {
    const { cdnKeyPairId: keyPairId, urlLifetimeMinutes } = this.deps.settings();
    if (keyPairId === null) return url;
    const { cdnPrivateKey: privateKey, clock, log } = this.deps;
    const lifeMs = urlLifetimeMinutes * 60_000;
    const periodMs = lifeMs / 2;
    try {
      if (privateKey === undefined) throw new Error('this server has no private key in S3_STORAGE_CDN_PRIVATE_KEY');
      return signedCdnUrl(url, { keyPairId, privateKey }, new Date(Math.floor(clock.now() / periodMs) * periodMs + lifeMs));
    } catch (error) {
      if (!this.#isTold) log.error(`no URL of the CDN can be signed, so this server sends the files itself: ${described(error)}`);
      this.#isTold = true;
      return undefined;
    }
  }

  /** Asks S3 for anything. Otherwise nobody here would notice an outage, because the visitors read past this server. */
  #look(): void {
    const { readable } = this.deps.buckets;
    const now = this.deps.clock.elapsed();
    if (!readable || now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    // the answer is 404, and a failure is the breaker's business
    readable.store.head(probeName(readable.prefix)).catch(() => undefined);
  }
}

import type { ErrorCode } from '../../contracts/errors';
import type { SettingName, SettingSource, SettingSources, SettingValue, ValueInForce } from '../../contracts/settings';

/** The credentials that count, or why there are none. They come whole from one source. */
export type Credentials =
  | { readonly kind: 'static'; readonly accessKeyId: string; readonly secretAccessKey: string; readonly source: SettingSource }
  /** No source has a key: the SDK's own chain (environment, profile, role of the machine). */
  | { readonly kind: 'chain' }
  /** The database has a key whose secret cannot be decrypted, and no other source has a pair. */
  | { readonly kind: 'unreadable'; readonly accessKeyId: string }
  /**
   * The pair of `source` belongs to another endpoint or bucket (`default`: the SDK's chain belongs to Amazon), and no other source
   * has one for this place.
   */
  | { readonly kind: 'elsewhere'; readonly accessKeyId: string | null; readonly source: SettingSource }
  /** Only half of a pair is set, in `source`, and no source has a whole one. Never replaced by the chain unasked. */
  | { readonly kind: 'incomplete'; readonly accessKeyId: string | null; readonly source: SettingSource };

/** Settings of which each has a value in force of its own; the key and its secret are {@link Credentials} instead. */
export type SingleName = Exclude<SettingName, 'accessKeyId' | 'secretAccessKey'>;
export type SingleSettings = { [K in SingleName]: ValueInForce<K> };

/** The settings in force, complete, every default filled in. Contains the secret: never to be answered or logged. */
export interface ResolvedSettings extends SingleSettings {
  /** What requests are signed for: `region`, else what endpoint or preset imply, else `us-east-1`. */
  readonly signingRegion: string;
  readonly credentials: Credentials;
}

/** A value that was not used, and why. The text names no value: it may be logged. */
export interface SettingProblem {
  readonly source: SettingSource;
  readonly field: string;
  readonly message: string;
}

export interface Resolution {
  readonly settings: ResolvedSettings;
  readonly sources: SettingSources;
  readonly problems: readonly SettingProblem[];
  /**
   * Set when a bad value decides *where* or *whether* bytes are written (`stopsS3` in the table).
   * To go on with the next source's value would write to another place than was meant, so S3 is not used at all.
   */
  readonly blocked: Extract<ErrorCode, 'INVALID_SETTINGS' | 'ENDPOINT_FORBIDDEN'> | null;
}

/** Resolved settings, and the revision that they come from. */
export interface EffectiveSettings extends Resolution {
  /** Revision of the stored row they were resolved from; 0 where nothing is stored. */
  readonly revision: number;
}

export type SettingValues = { [K in SettingName]?: SettingValue<K> };

/** The place a stored secret was entered for; it is sealed together with it. */
export interface SecretPlace {
  readonly endpoint: string | null;
  /** Null: entered before any bucket was; the first bucket set takes it. */
  readonly bucket: string | null;
  readonly accessKeyId: string | null;
}

export type StoredSecret =
  | { readonly kind: 'none' }
  | { readonly kind: 'readable'; readonly value: string }
  | { readonly kind: 'unreadable' };

/** What the database holds, opened. `settings` is kept raw, so that a newer version's fields survive a downgrade. */
export interface StoredSettings {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secret: StoredSecret;
  readonly secretFor: SecretPlace | null;
}

export const NOTHING_STORED: StoredSettings = { settings: {}, secret: { kind: 'none' }, secretFor: null };

import type { ErrorCode } from '../../contracts/errors';
import type { SettingName, SettingSource, SettingSources, SettingValue, ValueInForce } from '../../contracts/settings';

/** The credentials in force, or the reason why there are none. They come whole from one source. */
export type Credentials =
  | { readonly kind: 'static'; readonly accessKeyId: string; readonly secretAccessKey: string; readonly source: SettingSource }
  /** No source has a key: the SDK's own chain finds one (environment, profile, role of the machine). */
  | { readonly kind: 'chain' }
  /** The database has a key whose secret cannot be decrypted, and no other source has a pair. */
  | { readonly kind: 'unreadable'; readonly accessKeyId: string }
  /**
   * The pair of `source` belongs to another endpoint or bucket (`default`: the SDK's chain belongs to Amazon), and no other source has a
   * pair for this target.
   */
  | { readonly kind: 'elsewhere'; readonly accessKeyId: string | null; readonly source: SettingSource }
  /** Only half of a pair is set, in `source`, and no source has a whole pair. The plugin does not use the SDK's chain instead. */
  | { readonly kind: 'incomplete'; readonly accessKeyId: string | null; readonly source: SettingSource };

/** The settings that each have a single value in force. The access key and its secret are {@link Credentials} instead. */
export type SingleName = Exclude<SettingName, 'accessKeyId' | 'secretAccessKey'>;
export type SingleSettings = { [K in SingleName]: ValueInForce<K> };

/** The settings in force, with every default filled in. They contain the secret: nobody may answer or log them. */
export interface ResolvedSettings extends SingleSettings {
  /** The region that requests are signed for: `region`, or else the one that endpoint or preset imply, or else `us-east-1`. */
  readonly signingRegion: string;
  readonly credentials: Credentials;
}

/** A value that is not used, and the reason. The text contains no value, so that it may be logged. */
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
   * Set if a bad value decides *where* or *whether* bytes are written (`stopsS3` in the table). With the next source's value the plugin
   * would write to another place than somebody meant, so that it does not use S3 at all.
   */
  readonly blocked: Extract<ErrorCode, 'INVALID_SETTINGS' | 'ENDPOINT_FORBIDDEN'> | null;
}

/** Resolved settings, together with their revision. */
export interface EffectiveSettings extends Resolution {
  /** The revision of the stored row from which they were resolved; 0 if nothing is stored. */
  readonly revision: number;
}

export type SettingValues = { [K in SettingName]?: SettingValue<K> };

/** The target for which somebody entered a stored secret. It is sealed together with the secret. */
export interface SecretTarget {
  readonly endpoint: string | null;
  /** Null: the secret was entered before any bucket was set, and is for the first bucket that somebody sets. */
  readonly bucket: string | null;
  readonly accessKeyId: string | null;
}

export type StoredSecret =
  | { readonly kind: 'none' }
  | { readonly kind: 'readable'; readonly value: string }
  | { readonly kind: 'unreadable' };

/** The stored settings with their secret opened. `settings` stay as they were stored, so that a newer version's fields survive a downgrade. */
export interface StoredSettings {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secret: StoredSecret;
  readonly secretFor: SecretTarget | null;
}

export const NOTHING_STORED: StoredSettings = { settings: {}, secret: { kind: 'none' }, secretFor: null };

import { isDeepStrictEqual } from 'node:util';
import { endpointIdentity } from './endpoint-identity';
import type { KeptRow, SecretBox } from './ports';
import type { KeptKey, Resolution, StoredSettings } from './types';

type Target = Pick<KeptKey, 'endpoint' | 'region'> & { readonly bucket: string | null };

/** Whether two targets are the same bucket, in whatever spelling of the endpoint. */
function isSameBucket(one: Target, other: Target): boolean {
  return one.bucket === other.bucket && endpointIdentity(one.endpoint ?? '', one.region) === endpointIdentity(other.endpoint ?? '', other.region);
}

/** Returns the stored pair of keys with the bucket for which somebody entered it; undefined where there is none that can be used. */
function enteredKey({ settings, secret, secretFor }: StoredSettings, { settings: resolved }: Resolution): KeptKey | undefined {
  const accessKeyId = secretFor?.accessKeyId ?? settings.accessKeyId;
  const { endpoint, bucket } = { endpoint: secretFor ? secretFor.endpoint : resolved.endpoint, bucket: secretFor?.bucket ?? resolved.bucket };
  if (secret.kind !== 'readable' || typeof accessKeyId !== 'string' || bucket === null) return undefined;
  const { signingRegion: region, forcePathStyle } = resolved;
  return { endpoint, bucket, accessKeyId, region, forcePathStyle, secretAccessKey: secret.value, sealed: null };
}

/**
 * Returns the keys of former targets as they are to be kept after a change of the settings. The pair that was stored for another bucket
 * than the new settings name stays, because files may be there, or arrive there while the settings change. One pair is kept for each
 * bucket. A pair of the environment or of the config file cannot be kept.
 */
export function keptAfter(stored: StoredSettings, before: Resolution, after: Resolution): readonly KeptKey[] {
  const { endpoint, bucket, signingRegion: region, credentials } = after.settings;
  const present = { endpoint, bucket, region };
  const former = enteredKey(stored, before);
  // guard: former-keys-are-kept
  const kept = former && !isSameBucket(former, present) ? [...stored.kept.filter((key) => !isSameBucket(key, former)), former] : stored.kept;
  // the pair that was entered for the present bucket takes the place of a kept one
  const isStored = credentials.kind === 'static' && credentials.source === 'database';
  return isStored ? kept.filter((key) => !isSameBucket(key, present)) : kept;
}

/** Opens kept keys. A secret that was sealed for another target than the one beside it stays closed, because somebody has changed the row. */
export function openKept(rows: readonly KeptRow[], secrets: SecretBox): readonly KeptKey[] {
  return rows.map(({ secret, ...key }) => {
    const { endpoint, bucket, accessKeyId } = key;
    const opened = secrets.open(secret);
    // guard: kept-keys-go-to-their-own-target
    const isMeant = opened !== null && isDeepStrictEqual(opened.target, { endpoint, bucket, accessKeyId });
    return { ...key, secretAccessKey: isMeant ? opened.value : null, sealed: secret };
  });
}

/** Seals kept keys. Those that were sealed before stay as they are, also where this process cannot open them. */
export function sealKept(keys: readonly KeptKey[], secrets: SecretBox): readonly KeptRow[] {
  return keys.flatMap(({ secretAccessKey, sealed, ...key }) => {
    if (sealed !== null) return [{ ...key, secret: sealed }];
    const { endpoint, bucket, accessKeyId } = key;
    return secretAccessKey === null ? [] : [{ ...key, secret: secrets.seal(secretAccessKey, { endpoint, bucket, accessKeyId }) }];
  });
}

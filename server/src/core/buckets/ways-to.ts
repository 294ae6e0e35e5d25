import { endpointIdentity } from '../settings/endpoint-identity';
import type { KeptKey, ResolvedSettings } from '../settings/types';
import type { Location } from '../ledger/words';

/** Returns the location that settings name. */
export function presentLocation({ endpoint, signingRegion, bucket }: ResolvedSettings): Location {
  return { endpoint: endpoint ?? '', region: signingRegion, bucket: bucket ?? '' };
}

/** Whether two locations have the same endpoint, in whatever spelling. */
export function isSameEndpoint(location: Location, present: Location): boolean {
  return endpointOf(location) === endpointOf(present);
}

export function endpointOf({ endpoint, region }: Pick<Location, 'endpoint' | 'region'>): string {
  return endpointIdentity(endpoint, region);
}

/** Whether a kept key was entered for the bucket of a location. */
export function isKeyOf({ endpoint, region, bucket }: KeptKey, location: Location): boolean {
  return bucket === location.bucket && endpointOf({ endpoint: endpoint ?? '', region }) === endpointOf(location);
}

/**
 * Returns the settings with which a location can be reached, the better ones first: the present ones at the present endpoint, and those
 * with the key that was kept for the location's bucket. None: nothing leads there, because no key may be sent to a place that it was not
 * entered for.
 */
export function waysTo(settings: ResolvedSettings, location: Location): ResolvedSettings[] {
  const present = presentLocation(settings);
  const isHere = isSameEndpoint(location, present);
  if (isHere && location.bucket === present.bucket) return [settings];
  const kept = settings.kept.filter((key) => isKeyOf(key, location) && !(isHere && isPair(settings, key))).flatMap((key) => withKey(settings, key));
  return isHere ? [settings, ...kept] : kept;
}

/** Whether a kept key is the pair that is in force. */
function isPair({ credentials }: ResolvedSettings, { accessKeyId, secretAccessKey }: KeptKey): boolean {
  return credentials.kind === 'static' && credentials.accessKeyId === accessKeyId && credentials.secretAccessKey === secretAccessKey;
}

function withKey(settings: ResolvedSettings, { endpoint, bucket, region, forcePathStyle, accessKeyId, secretAccessKey }: KeptKey): ResolvedSettings[] {
  if (secretAccessKey === null) return [];
  // browsers would look for the objects of another endpoint there
  const publicEndpoint = isSameEndpoint({ endpoint: endpoint ?? '', region, bucket }, presentLocation(settings)) ? settings.publicEndpoint : null;
  return [{ ...settings, endpoint, publicEndpoint, bucket, signingRegion: region, forcePathStyle, credentials: { kind: 'static', accessKeyId, secretAccessKey, source: 'database' } }];
}

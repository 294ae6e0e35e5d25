import { createHash } from 'node:crypto';
import type { ResolvedSettings } from '../../settings/types';
import { endpointOf, presentLocation } from '../ways-to';
import type { Area } from './owner-book';

/** Returns the part of a bucket to which settings lead. */
export function areaOf(settings: ResolvedSettings): Area {
  const location = presentLocation(settings);
  const where = { endpoint: endpointOf(location), bucket: location.bucket, prefix: settings.prefix };
  return { id: createHash('sha256').update(JSON.stringify([where.endpoint, where.bucket, where.prefix])).digest('hex'), ...where };
}

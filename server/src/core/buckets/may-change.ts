import type { Instance } from '../instance';
import type { Buckets } from './buckets';

/**
 * Whether this instance may change the present bucket, now or as soon as its owner is known. While nobody knows the owner, jobs wait as in an
 * outage, and changes may condemn the objects that they supersede: the sweeper removes nothing before the owner is known.
 */
export function mayChangeBucket({ buckets, instance }: { buckets: Pick<Buckets, 'writable'>; instance: Pick<Instance, 'awaitsOwner'> }): boolean {
  return buckets.writable !== undefined || instance.awaitsOwner;
}

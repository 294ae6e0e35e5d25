import type { Instance } from '../instance';
import type { Buckets } from './buckets';

/**
 * Whether a change may condemn the objects that it supersedes. While nobody knows the bucket's owner it may, because the sweeper removes
 * nothing before it is known.
 */
export function mayCondemn({ buckets, instance }: { buckets: Pick<Buckets, 'writable'>; instance: Pick<Instance, 'awaitsOwner'> }): boolean {
  return buckets.writable !== undefined || instance.awaitsOwner;
}

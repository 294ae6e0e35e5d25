import { adaptiveLimit } from '../pool/adaptive-limit';
import type { MoveParts } from './deps';

/** Returns the limit for work that sends requests to S3: up to `concurrency` files at once, and fewer when S3 asks to slow down. */
export function pace({ clock, buckets }: Pick<MoveParts, 'clock' | 'buckets'>, concurrency: number): <T>(work: () => Promise<T>) => Promise<T> {
  return adaptiveLimit({ clock, ceiling: concurrency, throttledAt: () => buckets.breaker?.throttledAt ?? -Infinity });
}

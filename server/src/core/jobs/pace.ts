import { adaptiveLimit } from '../pool/adaptive-limit';
import { AT_ONCE } from '../pool/at-once';
import { limit } from '../pool/limit';
import { ONE_REQUEST_BYTES } from '../store/object-store';
import type { MoveParts } from './deps';

/** Runs work as soon as its turn comes. */
export type Pace = <T>(work: () => Promise<T>) => Promise<T>;

/** Returns the pace of work on files: up to `concurrency` of them at once, as many as pay, and fewer when S3 asks to slow down. */
export function pace({ clock, buckets }: Pick<MoveParts, 'clock' | 'buckets'>, concurrency: number): Pace {
  return adaptiveLimit({ clock, ceiling: concurrency, throttledAt: () => buckets.breaker?.throttledAt ?? -Infinity });
}

/** Returns the same pace for files of known sizes, in bytes. Only a few files that are sent in parts go at once: each takes the memory of several parts. */
export function fewInParts(paced: Pace): <T>(size: number, work: () => Promise<T>) => Promise<T> {
  const inParts = limit(AT_ONCE.sentInParts);
  return (size, work) => (size > ONE_REQUEST_BYTES ? inParts(() => paced(work)) : paced(work));
}

import type { ObjectStore } from '../store/object-store';

/** Returns a name under which the plugin never stores anything. */
export function probeName(prefix: string): string {
  return `${prefix}.s3-storage-probe`;
}

/** Returns the name of the object with which the plugin tries whether S3 refuses to overwrite. */
export function overwritingProbeName(prefix: string): string {
  return `${prefix}.s3-storage-probe-overwriting`;
}

/** Returns the cheapest request that only a working S3 answers. That there is no such object is an answer, too. */
export function probeOf(store: ObjectStore, prefix: string) {
  return async (signal: AbortSignal): Promise<void> => {
    await store.head(probeName(prefix), { signal });
  };
}

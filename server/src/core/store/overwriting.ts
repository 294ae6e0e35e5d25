import { isStorageError } from '../errors';
import type { Body, ObjectStore } from './object-store';

/**
 * Whether the store surely refuses a PUT that must not overwrite, tried with two PUTs of the same bytes under a name of ours, which is
 * removed again. Some servers refuse the condition as such (Backblaze B2), some take no notice of it (Google).
 */
export async function refusesOverwriting(store: ObjectStore, name: string, body: Body, signal?: AbortSignal): Promise<boolean> {
  const put = () => store.put(name, body, { onlyIfAbsent: true, signal });
  try {
    await put();
    try {
      await put();
      return false;
    } finally {
      // a bucket in which nothing may be removed keeps one object of some bytes
      await store.delete(name, { signal }).catch(() => undefined);
    }
  } catch (error) {
    if (!isStorageError(error)) throw error;
    // also when the first is refused: left behind by a process that was killed
    return error.code === 'NAME_TAKEN';
  }
}

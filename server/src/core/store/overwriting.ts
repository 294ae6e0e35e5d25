import { isNoAnswer, isStorageError } from '../errors';
import type { Body } from './object-store';
import type { PatientStore } from './patience';

/**
 * Whether the store refuses a PUT that must not overwrite, tried with two PUTs of the same bytes under a name of ours, which is removed
 * again. Some servers refuse the condition as such, some take no notice of it (providers: Backblaze B2, Google).
 * @throws StorageError when the store is away, or `signal` aborts
 */
export async function refusesOverwriting(store: PatientStore, name: string, body: Body, signal?: AbortSignal): Promise<boolean> {
  const put = () => store.put(name, body, { onlyIfAbsent: true, signal });
  try {
    await put();
    try {
      await put();
      return false;
    } catch (error) {
      return isRefusal(error);
    } finally {
      // a bucket in which nothing may be removed keeps one object of some bytes
      await store.delete(name, { signal }).catch(() => undefined);
    }
  } catch (error) {
    // left behind by a process that was killed
    return isRefusal(error);
  }
}

function isRefusal(error: unknown): boolean {
  if (!isStorageError(error) || isNoAnswer(error)) throw error;
  return error.code === 'NAME_TAKEN';
}

import { isStorageError } from '../errors';
import type { Body, ObjectStore } from './object-store';

/**
 * Whether the store surely refuses a PUT that must not overwrite. The function tries it with two PUTs of the same bytes under `name`, a
 * name that only this trial uses, and removes the object again. Some servers refuse the condition itself (Backblaze B2), and some
 * ignore it (Google).
 */
export async function refusesOverwriting(store: Pick<ObjectStore, 'put' | 'delete'>, name: string, body: Body, signal?: AbortSignal): Promise<boolean> {
  const put = () => store.put(name, body, { onlyIfAbsent: true, signal });
  try {
    await put();
    try {
      await put();
      return false;
    } finally {
      // a bucket that forbids removals keeps this one small object
      await store.delete(name, { signal }).catch(() => undefined);
    }
  } catch (error) {
    if (!isStorageError(error)) throw error;
    // this also holds when the store refuses the first PUT: a process that was killed has left the object there
    return error.code === 'NAME_TAKEN';
  }
}

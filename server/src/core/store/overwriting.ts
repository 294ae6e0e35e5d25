import type { Clock } from '../clock';
import { isStorageError } from '../errors';
import { HeldBody } from './held-body';
import type { Body, ObjectStore } from './object-store';

/**
 * Whether the store surely refuses a PUT that must not overwrite. The function tries it with two PUTs of the same bytes under `name`, a
 * name that only this trial uses, and removes the object again. Some servers refuse the condition itself (Backblaze B2), and some
 * ignore it (Google).
 * @returns undefined where S3 did not show it, for example because it was away
 */
export async function refusesOverwriting(store: Pick<ObjectStore, 'put' | 'delete'>, name: string, body: Body, signal?: AbortSignal): Promise<boolean | undefined> {
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
    // this also holds when the store refuses the first PUT: a process that was killed has left the object there. A conflict (409) shows
    // nothing, because a store that ignores the condition may also answer it while another process makes the same trial.
    if (error.code === 'NAME_TAKEN') return error.status === 409 ? undefined : true;
    return isStorageError(error, 'UNSUPPORTED', 'REJECTED') ? false : undefined;
  }
}

/** Time after which a trial that showed nothing is repeated, in milliseconds. */
const AGAIN_MS = 3600_000;

/**
 * Knows whether the store of one bucket surely refuses to overwrite, once {@link find} has tried it. It forgets that with the process: what
 * stands before S3 may change, and a proxy that drops the condition would make an old answer a dangerous one.
 */
export class OverwriteRefusal {
  #refuses: boolean | undefined;
  #triedAt = -Infinity;

  /** @param name the name of the trial's object, under which nothing else is ever stored */
  constructor(
    private readonly name: string,
    private readonly clock: Pick<Clock, 'elapsed'>,
  ) {}

  /** False as long as no trial has shown it. */
  get isSure(): boolean {
    return this.#refuses ?? false;
  }

  /** Tries it with the bucket's store, unless that has been done. @returns the same as {@link isSure} */
  async find(store: Pick<ObjectStore, 'put' | 'delete'>, signal?: AbortSignal): Promise<boolean> {
    const now = this.clock.elapsed();
    if (this.#refuses === undefined && now - this.#triedAt >= AGAIN_MS) {
      this.#triedAt = now;
      this.#refuses = await refusesOverwriting(store, this.name, HeldBody.of(Buffer.from('probe')), signal);
    }
    return this.isSure;
  }
}

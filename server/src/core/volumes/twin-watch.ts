import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock';
import { isStorageError } from '../errors';
import type { Leases } from '../leases/leases';
import { OWN_FOLDER } from '../keys';
import type { Logger } from '../log';
import { errnoOf } from '../store/local/disk-errors';
import type { Volume } from '../store/local/volume';

/** Two and a half beats: a lease that is held for longer than that was renewed meanwhile, so that its holder is alive. */
const LEASE_MS = 150_000;
/** So many beats in a row (a minute each) without the lease, and somebody else has renewed it for certain. */
const CERTAIN_AFTER = 4;
/** A copy has the mark of the folder that it was made of until that one takes another; in milliseconds. */
const NEW_MARK_AFTER_MS = 10 * 60_000;

export interface TwinWatchDeps {
  readonly volume: Volume;
  readonly leases: Leases;
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly log: Logger;
}

/**
 * Finds out whether another folder is in use under this one's id: a copy of it (`cp -a`, an image that contains it) has the id, too.
 *
 * Each folder has a mark, which all processes that share the folder read from it, and under which they hold one lease together. The mark
 * is changed now and then, so that a copy keeps an old one. Who cannot get the lease with the mark in its own folder for longer than it
 * lasts shares the id with a folder that is alive and is not this one. Neither inodes nor devices nor host names are asked: they change
 * with a mount, a restored backup or a new container, where the id has to stay.
 */
export class TwinWatch {
  #refused = 0;
  #markedAt: number | undefined;

  constructor(private readonly deps: TwinWatchDeps) {}

  /** To be called each minute while this process serves. @throws what the leases throw */
  async beat(): Promise<void> {
    const { volume, leases } = this.deps;
    if (!volume.established) return;
    const mark = await this.#mark();
    // a folder that cannot be written has none, and changes nothing
    if (mark === undefined) return;
    const isOurs = await leases.acquire(lease(volume), mark, LEASE_MS);
    this.#refused = isOurs ? 0 : this.#refused + 1;
    if (this.#refused >= CERTAIN_AFTER) {
      // tells the other one
      await leases.acquire(twinLease(volume), mark, LEASE_MS);
      return this.#tell(true);
    }
    if (!isOurs) return;
    this.#tell(await this.#wasTold());
    await this.#change(mark);
  }

  async #wasTold(): Promise<boolean> {
    const { volume, leases } = this.deps;
    const asker = randomUUID();
    if (!(await leases.acquire(twinLease(volume), asker, 1))) return true;
    await leases.release(twinLease(volume), asker);
    return false;
  }

  #tell(hasTwin: boolean): void {
    const { volume, log } = this.deps;
    if (hasTwin && !volume.hasTwin) {
      log.error(
        `Another uploads folder is in use under the same id as this one (${volume.root}, ${volume.id}): one is a copy of the other. Until they are told apart ` +
          'jobs that go by what lies on this disk rest. Stop Strapi where the copy is, remove .s3-storage/volume from the copy (nothing else), and start it again.',
      );
    }
    if (!hasTwin && volume.hasTwin) log.info(`No other uploads folder is in use under the id ${volume.id} any more.`);
    volume.hasTwin = hasTwin;
  }

  /** The mark in the folder; a first one is written. Undefined where that is not possible. */
  async #mark(): Promise<string | undefined> {
    const path = pathOf(this.deps.volume);
    try {
      const text = await readFile(path, 'utf8').catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw error;
      });
      if (text) return text;
      // of two processes that begin at once the first one's counts
      await writeFile(path, randomUUID(), { flag: 'wx', mode: 0o600 });
      return await readFile(path, 'utf8');
    } catch (error) {
      this.deps.log.debug(`the mark of the uploads folder could not be read or written: ${errnoOf(error) ?? String(error)}`);
      return undefined;
    }
  }

  async #change(mark: string): Promise<void> {
    const { volume, leases, clock } = this.deps;
    const now = clock.elapsed();
    this.#markedAt ??= now;
    if (now - this.#markedAt < NEW_MARK_AFTER_MS) return;
    this.#markedAt = now;
    const next = randomUUID();
    const draft = `${join(volume.root, OWN_FOLDER, 'volume')}.${next}`;
    try {
      await writeFile(draft, next, { flag: 'wx', mode: 0o600 });
      await leases.release(lease(volume), mark);
      // another process that shares the folder may have been faster
      if (await leases.acquire(lease(volume), next, LEASE_MS)) await rename(draft, pathOf(volume));
    } catch (error) {
      if (isStorageError(error) || errnoOf(error) === undefined) throw error;
      this.deps.log.debug(`the mark of the uploads folder could not be changed: ${errnoOf(error)}`);
    }
  }
}

const pathOf = ({ root }: Volume): string => join(root, OWN_FOLDER, 'volume.mark');
const lease = ({ id }: Volume): string => `volume:${id}`;
const twinLease = ({ id }: Volume): string => `twin:${id}`;

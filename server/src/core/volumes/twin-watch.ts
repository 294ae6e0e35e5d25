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

/** Length of the lease in milliseconds: two and a half beats. If it is held for longer, its holder has renewed it and is alive. */
const LEASE_MS = 150_000;
/** Number of beats in a row (one each minute) without the lease after which somebody else has certainly renewed it. */
const CERTAIN_AFTER = 4;
/** Interval at which a folder changes its mark, in milliseconds. Until then a copy of the folder has the same mark. */
const NEW_MARK_AFTER_MS = 10 * 60_000;

export interface TwinWatchDeps {
  readonly volume: Volume;
  readonly leases: Leases;
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly log: Logger;
}

/**
 * Finds out whether another folder is in use under this folder's id. A copy of the folder (`cp -a`, an image that contains it) has the id,
 * too.
 *
 * Each folder has a mark. All processes that share the folder read the mark from it, and hold one lease together under that mark. The mark
 * changes now and then, so that a copy keeps an old one. If a process cannot get the lease with the mark of its own folder for longer than
 * the lease lasts, another folder with the same id is in use. Inodes, devices and host names do not count: they change with a
 * mount, a restored backup or a new container, and the id must stay the same then.
 */
export class TwinWatch {
  #refused = 0;
  #markedAt: number | undefined;

  constructor(private readonly deps: TwinWatchDeps) {}

  /** Looks for a twin. The caller calls it each minute while this process serves. @throws the errors of the leases */
  async beat(): Promise<void> {
    const { volume, leases } = this.deps;
    if (!volume.established) return;
    const mark = await this.#mark();
    // a folder that cannot be written has no mark, and the present verdict stays
    if (mark === undefined) return;
    const isOurs = await leases.acquire(lease(volume), mark, LEASE_MS);
    this.#refused = isOurs ? 0 : this.#refused + 1;
    if (this.#refused >= CERTAIN_AFTER) {
      // this tells the other folder's processes
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
        `Another uploads folder is in use under the same id as this one (${volume.root}, ${volume.id}): one is a copy of the other. Until this is resolved, ` +
          'jobs that depend on what lies on this disk pause. Stop Strapi where the copy is, remove .s3-storage/volume from the copy (nothing else), and start it again.',
      );
    }
    if (!hasTwin && volume.hasTwin) log.info(`No other uploads folder is in use under the id ${volume.id} any more.`);
    volume.hasTwin = hasTwin;
  }

  /** Returns the mark of the folder, and writes a first one if there is none. Undefined if that is impossible. */
  async #mark(): Promise<string | undefined> {
    const path = pathOf(this.deps.volume);
    try {
      const text = await readFile(path, 'utf8').catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw error;
      });
      if (text) return text;
      // if two processes begin at the same time, the mark of the first one counts
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

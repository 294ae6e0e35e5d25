import type { EphemeralDisk } from '../../contracts/api';
import type { Clock } from '../clock';
import { codeOf } from '../errors';
import type { Logger } from '../log';
import { ephemeralKind } from '../store/local/file-system';
import type { Volume } from '../store/local/volume';
import type { VolumeRegistry } from './registry';

/** Time after the start in which a former volume may still vanish, in milliseconds: during a rolling deploy the old process serves for a while. */
const SUSPICION_MS = 60 * 60_000;

const SIGNS: Record<EphemeralDisk, string> = {
  overlay: 'lies in the container’s own layer, which is gone with the container',
  memory: 'lies in memory, which is empty after a restart',
  replaced: 'is new, and the one before it has not been seen for 15 minutes, so it seems not to survive a restart',
};

export interface DiskWatchDeps {
  volume: Volume;
  registry: VolumeRegistry;
  /** Returns the number of the folder's file system, see {@link ephemeralKind}. */
  fileSystemType(folder: string): Promise<number>;
  /** Whether uploads that S3 does not take go to this disk. Otherwise there is nothing to warn of. */
  keepsLocally(): boolean;
  clock: Pick<Clock, 'now'>;
  log: Logger;
}

/**
 * Tells other processes that this process's disk is there, and finds out whether the disk survives a restart. Two signs say that it does
 * not: its file system, or a new folder while a former volume has vanished.
 */
export class DiskWatch {
  #ephemeral: EphemeralDisk | null = null;
  #startedAt: number | undefined;

  constructor(private readonly deps: DiskWatchDeps) {}

  /** The sign that the disk does not survive a restart; null: there is none so far. It is known from the first {@link beat} on. */
  get ephemeral(): EphemeralDisk | null {
    return this.#ephemeral;
  }

  /** Gives a sign of life. The caller calls it when the process begins to serve, and each minute from then on. @throws the registry's errors */
  async beat(): Promise<void> {
    const { volume, registry, clock } = this.deps;
    if (this.#startedAt === undefined) {
      this.#startedAt = clock.now();
      await this.#lookAtFileSystem();
    }
    // the folder has no id yet, so nobody knows which volume it is
    if (!volume.established) return;
    await registry.beat(volume.id);
    // a folder that had its id before this start has survived a restart
    if (this.#ephemeral || !volume.founded || clock.now() - this.#startedAt > SUSPICION_MS) return;
    const known = await registry.list();
    if (known.some(({ id, vanished }) => vanished && id !== volume.id)) this.#found('replaced');
  }

  async #lookAtFileSystem(): Promise<void> {
    const { volume, fileSystemType, log } = this.deps;
    try {
      const kind = ephemeralKind(await fileSystemType(volume.root));
      if (kind) this.#found(kind);
    } catch (error) {
      // some platforms do not tell the file system; the other sign remains
      log.debug(`the file system of the uploads folder is not known: ${codeOf(error)}`);
    }
  }

  #found(kind: EphemeralDisk): void {
    this.#ephemeral = kind;
    if (!this.deps.keepsLocally()) return;
    this.deps.log.warn(
      `The uploads folder (${this.deps.volume.root}) ${SIGNS[kind]}. What is only on this disk, such as files uploaded while S3 is ` +
        'away, would be lost. Put the folder on a persistent volume, or set onOutage to "reject" so that such uploads are refused.',
    );
  }
}

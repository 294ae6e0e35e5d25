import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../../core/log';

/** The name that Strapi gives the uploads folder when an import begins, with the time in milliseconds. */
const MOVED_AWAY = /^uploads_backup_(\d+)$/;
/** With this behind it, Strapi does not find the folder when it removes its backup. */
const KEPT = '_s3-storage';
/** Longest time from the moment that is in the name to the beginning of the import, in milliseconds. Strapi chooses the name first. */
const NAMED_BEFORE_MS = 60_000;
/** Greatest size of two files whose bytes are compared, in bytes. */
const COMPARED_BYTES = 4096;

/** The parts of an import's database transaction that say how it ended. */
export interface ImportTransaction {
  isCompleted(): boolean;
  rollback(...reason: unknown[]): unknown;
  /** Resolves with the COMMIT, and rejects if that fails. It also resolves with a ROLLBACK that somebody asked for. */
  readonly executionPromise: Promise<unknown>;
}

/**
 * Keeps the uploads folder of the former library until an import has ended. Strapi moves the folder away, and removes it before the last
 * steps of the import; when one of those fails, it takes the rows back, and the files that only this disk had would be gone. A failed import
 * gets its folder back. This happens at once and synchronously, because the process ends right after the failure.
 */
export class FormerUploads {
  #kept: { folder: string; trx: ImportTransaction; isRolledBack: boolean } | undefined;
  readonly #seen = new WeakSet<object>();
  #removal: Promise<void> = Promise.resolve();
  readonly #onExit = () => this.#putBack();

  constructor(
    private readonly uploads: string,
    private readonly log: Pick<Logger, 'info' | 'warn'>,
  ) {}

  /**
   * Takes the folder that this import has moved away, if it has. Call it before the import deletes its first file.
   * @param begunAt the beginning of the import in milliseconds since the epoch: a folder that an earlier one left is somebody's only copy
   */
  keep(trx: ImportTransaction, begunAt: number): void {
    if (this.#kept || this.#seen.has(trx)) return;
    this.#seen.add(trx);
    try {
      const parent = path.dirname(this.uploads);
      const movedAt = readdirSync(parent).map((name) => Number(MOVED_AWAY.exec(name)?.[1] ?? 0));
      const latest = Math.max(0, ...movedAt);
      if (latest < begunAt - NAMED_BEFORE_MS) return;
      const moved = path.join(parent, `uploads_backup_${latest}`);
      renameSync(moved, moved + KEPT);
      const kept = { folder: moved + KEPT, trx, isRolledBack: false };
      this.#kept = kept;
      const rollback = trx.rollback.bind(trx);
      trx.rollback = (...reason) => {
        kept.isRolledBack = true;
        return rollback(...reason);
      };
      process.once('exit', this.#onExit);
    } catch (error) {
      this.log.warn(`the former uploads folder stays where Strapi moved it, and a failed import would not put it back: ${String(error)}`);
    }
  }

  /** Puts the folder back if the transaction was rolled back, and removes it once the transaction is committed. */
  settle(): void {
    const kept = this.#kept;
    if (!kept) return;
    if (kept.trx.isCompleted()) this.#putBack();
    else this.#removal = kept.trx.executionPromise.then(() => (kept.isRolledBack ? this.#putBack() : this.#remove()), () => this.#putBack());
  }

  /** Warns of each former uploads folder that an import has left because its process was killed. Files in it may be the only ones. Never throws. */
  warnOfLeft(): void {
    const parent = path.dirname(this.uploads);
    let names: string[];
    try {
      names = readdirSync(parent);
    } catch {
      // a folder that is not there, or that nobody may list, must not end the start
      return;
    }
    for (const name of names.filter((one) => one.endsWith(KEPT) && MOVED_AWAY.test(one.slice(0, -KEPT.length)))) {
      this.log.warn(`${path.join(parent, name)} is the uploads folder from before an import that was killed. Unless an import runs now: stop Strapi, move what is in it back to ${this.uploads}, and start Strapi again`);
    }
  }

  /** Resolves when the folder of an import that succeeded is removed. */
  async removed(): Promise<void> {
    await this.#removal;
  }

  async #remove(): Promise<void> {
    const folder = this.#take();
    if (folder) await rm(folder, { recursive: true, force: true }).catch((error: unknown) => this.log.warn(`${folder} could not be removed: ${String(error)}`));
  }

  #putBack(): void {
    const folder = this.#take();
    if (!folder) return;
    try {
      const imported = `${this.uploads}_import_${Date.now()}`;
      renameSync(this.uploads, imported);
      renameSync(folder, this.uploads);
      // somebody may have uploaded a file meanwhile
      moveInto(imported, this.uploads);
      this.log.info('the import failed, and the uploads folder is back as it was');
    } catch (error) {
      this.log.warn(`the import failed, and the uploads folder could not be put back. Its files are in ${folder}: ${String(error)}`);
    }
  }

  #take(): string | undefined {
    const folder = this.#kept?.folder;
    this.#kept = undefined;
    process.off('exit', this.#onExit);
    return folder;
  }
}

/** Moves what lies in one folder into the other, and replaces nothing there. What is not there already stays, with its folder. */
function moveInto(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory() && existsSync(target)) moveInto(source, target);
    else if (!existsSync(target)) {
      mkdirSync(to, { recursive: true });
      renameSync(source, target);
    } else if (areEqual(source, target)) unlinkSync(source);
  }
  if (readdirSync(from).length === 0) rmdirSync(from);
}

function areEqual(one: string, other: string): boolean {
  const [first, second] = [lstatSync(one), lstatSync(other)];
  if (!first.isFile() || !second.isFile() || first.size !== second.size || first.size > COMPARED_BYTES) return false;
  return readFileSync(one).equals(readFileSync(other));
}

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, stat, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { StorageError } from '../../errors';
import { OWN_FOLDER } from '../../keys';
import { aborted, announcedBytes, assertNotAborted, rangeLength } from '../body';
import { diskError, folderError, notThere } from './disk-errors';
import { makeFolder, publish, readUpTo, syncFile, syncFolder, unlinkIfThere, writeAll } from './disk-write';
import { removeKnown, type KnownFile, type KnownRemoval } from './known-removal';
import type { LocalStat, LocalStore } from './local-store';
import { assertName } from '../names';
import type { Body, GetOptions, ObjectFacts, ObjectStream, PutOptions } from '../object-store';
import { Relay } from '../relay';
import { giveName } from './second-name';

/** Bytes per read. They cost a quarter less CPU time than the 64 KiB that Node reads by default. */
const READ_BYTES = 256 * 1024;

/**
 * Keeps objects as files below one folder. A file appears under its name whole and durable, and never replaces another.
 * The store does not know the MD5 of its files: `facts.md5` and `facts.etag` are null, but `put` compares the MD5 while it writes.
 */
export class LocalObjectStore implements LocalStore {
  private readonly root: string;

  /** @param root the uploads folder; the first `put` makes it if it does not exist. */
  constructor(root: string) {
    this.root = resolve(root);
  }

  /** @throws StorageError also NAME_TAKEN, DISK_FULL, DISK_ERROR. The failed attempt leaves no file behind. */
  async put(name: string, body: Body, { signal }: PutOptions = {}): Promise<ObjectFacts> {
    const path = this.pathFor(name, 'put');
    assertNotAborted('put', name, signal);
    const own = join(this.root, OWN_FOLDER);
    const temporary = join(own, 'tmp', randomUUID());
    try {
      await makeOwnFolder(dirname(temporary));
      await this.writeTemporary(temporary, name, body, signal);
      await publish(temporary, path, path.startsWith(own + sep) ? 0o700 : 0o755);
    } catch (error) {
      await unlinkIfThere(temporary);
      throw diskError(error, { operation: 'put', subject: name });
    }
    return { size: body.size, etag: null, md5: null };
  }

  async head(name: string, { signal }: { signal?: AbortSignal } = {}): Promise<ObjectFacts> {
    assertNotAborted('head', name, signal);
    const { size } = await this.stat(name);
    return { size, etag: null, md5: null };
  }

  async get(name: string, { range, signal }: GetOptions = {}): Promise<ObjectStream> {
    const path = this.pathFor(name, 'get');
    assertNotAborted('get', name, signal);
    const file = await open(path, constants.O_RDONLY).catch((error: unknown) => {
      throw notThere(error, 'get', name);
    });
    try {
      const found = await file.stat();
      if (!found.isFile()) throw new StorageError('OBJECT_NOT_FOUND', { operation: 'get', subject: name, refused: true });
      // the signal may have aborted while the file was opened; from here on the stream listens to it
      assertNotAborted('get', name, signal);
      const length = rangeLength(name, found.size, range);
      // the length is fixed here, so that a file that grows meanwhile does not break a promised Content-Length
      const end = (range?.start ?? 0) + length - 1;
      const source = file.createReadStream({ start: range?.start ?? 0, end: Math.max(end, 0), highWaterMark: READ_BYTES });
      const stop = () => body.destroy(signal && aborted('get', name, signal, true));
      const body = new Relay(source, {
        length,
        failure: (error) => diskError(error ?? new Error('the file changed while it was read'), { operation: 'get', subject: name }),
        closed: () => signal?.removeEventListener('abort', stop),
      });
      signal?.addEventListener('abort', stop, { once: true });
      return { facts: { size: found.size, etag: null, md5: null }, body };
    } catch (error) {
      await file.close();
      throw diskError(error, { operation: 'get', subject: name });
    }
  }

  async bytes(name: string, size: number): Promise<Buffer | undefined> {
    const path = this.pathFor(name, 'get');
    let file: FileHandle | undefined;
    try {
      file = await open(path, constants.O_RDONLY);
      const found = await file.stat();
      if (!found.isFile()) throw new StorageError('OBJECT_NOT_FOUND', { operation: 'get', subject: name, refused: true });
      if (found.size !== size) return undefined;
      const bytes = await readUpTo(file, size);
      return bytes.length === size ? bytes : undefined;
    } catch (error) {
      throw notThere(error, 'get', name);
    } finally {
      await file?.close();
    }
  }

  async delete(name: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    const path = this.pathFor(name, 'delete');
    assertNotAborted('delete', name, signal);
    try {
      await unlink(path);
      await syncFolder(dirname(path));
    } catch (error) {
      const failure = notThere(error, 'delete', name);
      if (failure.code !== 'OBJECT_NOT_FOUND') throw failure;
    }
  }

  /** Does nothing, because temporary files do not carry the name of an object. `temporary-files.ts` removes them by their age. */
  async abortWrites(name: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    this.pathFor(name, 'abort');
    assertNotAborted('abort', name, signal);
  }

  async giveName(name: string, second: string): Promise<boolean> {
    const [from, to] = [this.pathFor(name, 'name'), this.pathFor(second, 'name')];
    try {
      return await giveName(from, to);
    } catch (error) {
      // the file system takes the first name, so NAME_UNFIT can only mean the second
      const failure = diskError(error, { operation: 'name', subject: second });
      throw failure.code === 'NAME_UNFIT' ? failure : notThere(error, 'name', name);
    }
  }

  async removeKnown(name: string, known: KnownFile, signal?: AbortSignal): Promise<KnownRemoval> {
    try {
      return await removeKnown(this.pathFor(name, 'delete'), join(this.root, OWN_FOLDER, 'aside'), known, signal);
    } catch (error) {
      throw diskError(error, { operation: 'delete', subject: name });
    }
  }

  async exists(name: string): Promise<boolean> {
    try {
      await this.stat(name);
      return true;
    } catch (error) {
      if (error instanceof StorageError && error.code === 'OBJECT_NOT_FOUND') return false;
      throw error;
    }
  }

  async stat(name: string): Promise<LocalStat> {
    const path = this.pathFor(name, 'head');
    const found = await stat(path).catch((error: unknown) => {
      throw notThere(error, 'head', name);
    });
    if (!found.isFile()) throw new StorageError('OBJECT_NOT_FOUND', { operation: 'head', subject: name, refused: true });
    return { size: found.size, mtimeMs: found.mtimeMs, ino: found.ino, dev: found.dev };
  }

  /**
   * Returns the path of a name. Only this method computes paths, and it never returns one outside the folder, or the folder itself.
   * @throws StorageError INVALID_KEY
   */
  pathFor(name: string, operation = 'path'): string {
    assertName(name, operation);
    const path = resolve(this.root, name);
    if (!path.startsWith(this.root + sep)) throw new StorageError('INVALID_KEY', { operation, subject: name, refused: true });
    return path;
  }

  private async writeTemporary(path: string, name: string, body: Body, signal: AbortSignal | undefined): Promise<void> {
    const file = await open(path, 'wx', 0o644);
    try {
      for await (const chunk of announcedBytes(name, body, signal)) await writeAll(file, chunk);
      await syncFile(file);
    } finally {
      await file.close();
    }
    assertNotAborted('put', name, signal); // this is the last moment before the file becomes visible
  }
}

/** @throws StorageError DISK_ERROR, even for errors that would mean a taken name at the object's own path. */
async function makeOwnFolder(path: string): Promise<void> {
  try {
    await makeFolder(path, 0o700);
  } catch (error) {
    throw folderError(error, 'put', path);
  }
}

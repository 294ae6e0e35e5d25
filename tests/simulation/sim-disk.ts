import { Readable } from 'node:stream';

import { StorageError } from '../../server/src/core/errors';
import { rangeLength } from '../../server/src/core/store/body';
import type { DiskTree } from '../../server/src/core/store/local/disk-tree';
import type { LocalStore } from '../../server/src/core/store/local/local-store';
import { OWN_FOLDER, type VolumeId } from '../../server/src/core/keys';
import type { Faults } from './faults';
import type { Life, Scheduler } from './scheduler';
import { collect, md5Of } from './sim-s3';

export interface StoredFile {
  readonly bytes: Buffer;
  readonly ino: number;
  /** In milliseconds since the epoch. */
  readonly mtimeMs: number;
}

/** An uploads folder that keeps the contract of `LocalObjectStore`, whose own suite checks the contract on a real disk. */
export class SimDisk {
  readonly files = new Map<string, StoredFile>();
  #ino = 0;

  constructor(
    readonly volume: VolumeId,
    private readonly scheduler: Scheduler,
    private readonly faults: Faults,
    private readonly now: () => number,
  ) {}

  /** Returns a disk with the same files, as a copied server has. */
  copy(): SimDisk {
    const copy = new SimDisk(this.volume, this.scheduler, this.faults, this.now);
    for (const [name, { bytes }] of this.files) copy.write(name, bytes);
    return copy;
  }

  write(name: string, bytes: Buffer): void {
    this.files.set(name, { bytes, ino: ++this.#ino, mtimeMs: this.now() });
  }

  /** The disk as a process walks over it. Files that are made or removed during the walk may be missing. */
  treeOf(life: Life): DiskTree {
    const look = () => this.scheduler.look(life, 'disk walk');
    const names = () => [...this.files].map(([name, { bytes, mtimeMs }]) => ({ name, size: bytes.length, mtimeMs }));
    return {
      async *files() {
        await look();
        yield* names();
      },
    };
  }

  connect(life: Life): LocalStore {
    const find = async (operation: string, name: string): Promise<StoredFile> => {
      await this.scheduler.look(life, `disk ${operation} ${name}`);
      const file = this.files.get(name);
      if (!file) throw new StorageError('OBJECT_NOT_FOUND', { operation, subject: name, refused: true });
      return file;
    };
    const answered = (operation: string, name: string) => this.scheduler.answer(life, `disk ${operation} ${name}`);
    return {
      put: async (name, body) => {
        await this.scheduler.wait(life, `disk put ${name}`);
        const bytes = await collect(name, body);
        if (this.files.has(name)) throw new StorageError('NAME_TAKEN', { operation: 'put', subject: name, refused: true });
        if (this.faults.disk() === 'full') throw new StorageError('DISK_FULL', { operation: 'put', subject: name, refused: true });
        this.write(name, bytes);
        await answered('put', name);
        return { size: body.size, etag: null, md5: null };
      },
      head: async (name) => ({ size: (await find('head', name)).bytes.length, etag: null, md5: null }),
      get: async (name, { range } = {}) => {
        const { bytes } = await find('get', name);
        const length = rangeLength(name, bytes.length, range);
        const part = bytes.subarray(range?.start ?? 0, (range?.start ?? 0) + length);
        return { facts: { size: bytes.length, etag: null, md5: null }, body: Readable.from(part.length > 0 ? [part] : [], { objectMode: false }) };
      },
      bytes: async (name, size) => {
        const { bytes } = await find('get', name);
        return bytes.length === size ? bytes : undefined;
      },
      delete: async (name) => {
        await this.scheduler.wait(life, `disk delete ${name}`);
        this.files.delete(name);
        await answered('delete', name);
      },
      removeKnown: async (name, { size, md5, stillDue }) => {
        await this.scheduler.wait(life, `disk remove ${name}`);
        const file = this.files.get(name);
        if (file && ((size !== null && file.bytes.length !== size) || (md5 !== null && md5Of(file.bytes) !== md5))) return 'left';
        // the removal has moved the file aside
        this.files.delete(name);
        const due = await stillDue();
        if (file && !due && !this.files.has(name)) this.files.set(name, file);
        await answered('remove', name);
        return due ? 'removed' : 'left';
      },
      giveName: async (name, second) => {
        const { bytes } = await find('name', name);
        const other = this.files.get(second);
        if (!other) this.write(second, bytes);
        await answered('name', second);
        return other === undefined || other.bytes.equals(bytes);
      },
      abortWrites: async () => undefined,
      exists: async (name) => {
        await this.scheduler.look(life, `disk exists ${name}`);
        // the simulated disk is never unmounted
        return name === `${OWN_FOLDER}/volume` || this.files.has(name);
      },
      stat: async (name) => {
        const { bytes, ino, mtimeMs } = await find('stat', name);
        return { size: bytes.length, mtimeMs, ino, dev: 1 };
      },
    };
  }
}

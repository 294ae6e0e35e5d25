import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

import { StorageError } from '../../server/src/core/errors';
import { announcedBytes, rangeLength } from '../../server/src/core/store/body';
import type { Body, ObjectFacts, ObjectStore, ObjectStream, PutOptions } from '../../server/src/core/store/object-store';
import type { Faults } from './faults';
import type { Life, Scheduler } from './scheduler';

export interface StoredObject {
  readonly bytes: Buffer;
  readonly md5: string;
  /** The server's own tag where the ETag is not the MD5. */
  readonly version: number;
  /** Whether somebody else has put it there and the media library does not list this name. Nobody may touch it. */
  readonly foreign: boolean;
}

export interface LateEffect {
  readonly label: string;
  apply(): void;
}

/** Hears of the changes that a process sends to the bucket, and of those that take effect there. */
export interface Sender {
  sends(label: string, name: string): void;
  lands(name: string): void;
}

const NOBODY: Sender = { sends: () => undefined, lands: () => undefined };

/** The name of the object that a breaker asks for. */
export const PROBE = '.s3-storage-probe';

/** A bucket whose requests can be refused, lost, answered and not applied, or applied long after their client gave up. */
export class SimS3 {
  readonly objects = new Map<string, StoredObject>();
  readonly late: LateEffect[] = [];
  down = false;
  #version = 0;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly faults: Faults,
    /** Whether its ETags are MD5s (otherwise only reading proves bytes), and whether it takes no notice of conditions of a PUT. */
    private readonly kind: { readonly tellsMd5: boolean; readonly ignoresConditions: boolean },
    private readonly violated: (what: string) => void,
  ) {}

  store(name: string, bytes: Buffer, foreign = false): void {
    if (this.objects.get(name)?.foreign && !foreign) this.violated(`somebody else's object "${name}" was overwritten`);
    this.objects.set(name, { bytes, md5: md5Of(bytes), version: ++this.#version, foreign });
  }

  remove(name: string): void {
    if (this.objects.get(name)?.foreign) this.violated(`somebody else's object "${name}" was removed`);
    this.objects.delete(name);
  }

  factsOf({ bytes, md5, version }: StoredObject): ObjectFacts {
    return this.kind.tellsMd5 ? { size: bytes.length, etag: md5, md5 } : { size: bytes.length, etag: `v${version}`, md5: null };
  }

  /**
   * The bucket as one life of a process reaches it.
   * @param mayChange if false, any change is a violation
   * @param sender hears of each change
   */
  connect(life: Life, mayChange: boolean, sender: Sender = NOBODY): ObjectStore {
    const change = async (label: string, name: string, effect: (damaged: boolean) => void): Promise<void> => {
      const apply = (damaged: boolean) => {
        sender.lands(name);
        effect(damaged);
      };
      if (!mayChange) this.violated(`a read-only instance sent ${label}`);
      sender.sends(label, name);
      const fault = this.#fault(label, name);
      if (fault === 'late' || fault === 'late-corrupt') {
        this.late.push({ label: `${label}, late`, apply: () => apply(fault === 'late-corrupt') });
      } else if (fault !== 'timeout') {
        apply(fault === 'corrupt');
      }
      await this.scheduler.answer(life, label);
      if (fault !== 'none' && fault !== 'corrupt') throw new StorageError('TIMEOUT', { operation: label, refused: false });
    };
    const ask = async (label: string, name: string): Promise<void> => {
      await this.scheduler.look(life, label, { background: name === PROBE });
      const fault = this.#fault(label, name);
      if (fault === 'timeout' || fault === 'late' || fault === 'reset-after') throw new StorageError('TIMEOUT', { operation: label });
    };
    const look = async (label: string, name: string): Promise<StoredObject> => {
      await ask(label, name);
      const object = this.objects.get(name);
      if (!object) throw new StorageError('OBJECT_NOT_FOUND', { operation: label, refused: true, status: 404 });
      return object;
    };
    return {
      put: async (name: string, body: Body, { onlyIfAbsent, onlyIfEtag }: PutOptions = {}) => {
        await this.scheduler.wait(life, `PUT ${name}`);
        const bytes = await collect(name, body);
        let facts: ObjectFacts | undefined;
        let taken = false;
        await change(`PUT ${name}`, name, (damaged) => {
          const there = this.objects.get(name);
          const differs = onlyIfEtag !== undefined && (!there || this.factsOf(there).etag !== onlyIfEtag);
          taken = !this.kind.ignoresConditions && (differs || (onlyIfAbsent === true && there !== undefined));
          if (taken) return;
          this.store(name, damaged ? damage(bytes) : bytes);
          facts = this.factsOf(this.objects.get(name) as StoredObject);
        });
        if (taken) throw new StorageError('NAME_TAKEN', { operation: `PUT ${name}`, status: 412, refused: true });
        return facts as ObjectFacts;
      },
      head: async (name) => this.factsOf(await look(`HEAD ${name}`, name)),
      get: async (name, { range } = {}): Promise<ObjectStream> => {
        const object = await look(`GET ${name}`, name);
        const length = rangeLength(name, object.bytes.length, range);
        const part = object.bytes.subarray(range?.start ?? 0, (range?.start ?? 0) + length);
        return { facts: this.factsOf(object), body: Readable.from(part.length > 0 ? [part] : [], { objectMode: false }) };
      },
      delete: async (name) => {
        await this.scheduler.wait(life, `DELETE ${name}`);
        await change(`DELETE ${name}`, name, () => this.remove(name));
      },
      // one page has room for all objects of a history; they may change before the answer arrives
      list: async (prefix) => {
        await ask('LIST', '');
        const objects = [...this.objects].filter(([name]) => name.startsWith(prefix)).map(([name, object]) => ({ name, size: object.bytes.length, etag: this.factsOf(object).etag }));
        await this.scheduler.answer(life, 'LIST');
        return { objects, next: null };
      },
      // every PUT is whole here, and there are no parts
      abortWrites: async () => undefined,
      presign: async () => null,
    };
  }

  #fault(label: string, name: string) {
    if (this.down) throw new StorageError('UNREACHABLE', { operation: label, subject: name, refused: true });
    const fault = this.faults.s3();
    if (fault === 'refused') throw new StorageError('SERVER_ERROR', { operation: label, status: 503, refused: true });
    if (fault === 'unreachable') throw new StorageError('UNREACHABLE', { operation: label, refused: true });
    return fault;
  }
}

export const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

export async function collect(name: string, body: Body): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of announcedBytes(name, body)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Other bytes of the same length. */
export const damage = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte, at) => (at === 0 ? byte ^ 0xff : byte)));

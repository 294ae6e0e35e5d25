import { Readable } from 'node:stream';
import { StorageError } from '../errors';
import { aborted, announcedBytes, assertNotAborted, rangeLength } from '../store/body';
import { assertName } from '../store/names';
import type { Body, GetOptions, ListRequest, ObjectFacts, ObjectPage, ObjectStore, ObjectStream, PutOptions, RequestOptions } from '../store/object-store';

interface MemoryObject {
  readonly bytes: Buffer;
  readonly md5: string;
}

const factsOf = ({ bytes, md5 }: MemoryObject): ObjectFacts => ({ size: bytes.length, etag: md5, md5 });

/** The reference store: the promises of the port in their shortest form. It overwrites unless a condition is set, as S3 does. */
export class MemoryObjectStore implements ObjectStore {
  private readonly objects = new Map<string, MemoryObject>();

  async put(name: string, body: Body, { signal, onlyIfAbsent, onlyIfEtag }: PutOptions = {}): Promise<ObjectFacts> {
    assertName(name, 'put');
    assertNotAborted('put', name, signal);
    const chunks: Buffer[] = [];
    for await (const chunk of announcedBytes(name, body, signal)) chunks.push(chunk);
    const object = { bytes: Buffer.concat(chunks), md5: body.md5 };
    const differs = onlyIfEtag !== undefined && this.objects.get(name)?.md5 !== onlyIfEtag;
    if (differs || (onlyIfAbsent && this.objects.has(name))) throw new StorageError('NAME_TAKEN', { operation: 'put', subject: name, status: 412, refused: true });
    this.objects.set(name, object);
    return factsOf(object);
  }

  async head(name: string, { signal }: RequestOptions = {}): Promise<ObjectFacts> {
    return factsOf(this.find('head', name, signal));
  }

  async get(name: string, { range, signal }: GetOptions = {}): Promise<ObjectStream> {
    const object = this.find('get', name, signal);
    const length = rangeLength(name, object.bytes.length, range);
    const start = range?.start ?? 0;
    const part = object.bytes.subarray(start, start + length);
    const body = Readable.from(part.length > 0 ? [part] : [], { objectMode: false });
    if (signal) {
      const stop = () => body.destroy(aborted('get', name, signal, true));
      signal.addEventListener('abort', stop, { once: true });
      body.once('close', () => signal.removeEventListener('abort', stop));
    }
    return { facts: factsOf(object), body };
  }

  async delete(name: string, { signal }: RequestOptions = {}): Promise<void> {
    assertName(name, 'delete');
    assertNotAborted('delete', name, signal);
    this.objects.delete(name);
  }

  async abortWrites(name: string, { signal }: RequestOptions = {}): Promise<void> {
    assertName(name, 'abort');
    assertNotAborted('abort', name, signal);
  }

  async list(prefix: string, { after, limit, signal }: ListRequest): Promise<ObjectPage> {
    assertNotAborted('list', prefix, signal);
    const names = this.names().filter((name) => name.startsWith(prefix) && (after === undefined || name > after)).sort();
    const objects = names.slice(0, limit).map((name) => ({ name, ...factsOf(this.find('list', name, signal)) }));
    return { objects, next: names.length > limit ? (objects.at(-1)?.name ?? null) : null };
  }

  async presign(name: string): Promise<null> {
    assertName(name, 'presign');
    return null;
  }

  /** Returns the names of all objects. For tests. */
  names(): string[] {
    return [...this.objects.keys()];
  }

  private find(operation: string, name: string, signal: AbortSignal | undefined): MemoryObject {
    assertName(name, operation);
    assertNotAborted(operation, name, signal);
    const object = this.objects.get(name);
    if (!object) throw new StorageError('OBJECT_NOT_FOUND', { operation, subject: name, refused: true });
    return object;
  }
}

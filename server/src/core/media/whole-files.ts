import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '../clock';
import { StorageError } from '../errors';
import type { ObjectKey } from '../keys';
import type { MediaReader } from './media-reader';
import type { FileFacts } from './serving';

/** Greatest size of a file that is read and proven as a whole before its first byte is given out, in bytes. */
const HELD_BYTES = 8 * 1024 * 1024;
/** Number of attempts without a further byte before a large file counts as unreadable. */
const ATTEMPTS = 5;
/** Pause before the next attempt; it grows with each, in milliseconds. */
const PAUSE_MS = 1_000;

/** A file with all its bytes, proven by their checksum where the ledger knows one. */
export interface WholeFile {
  readonly size: number;
  readonly mime: string | null;
  /** Returns the bytes, piece by piece. Memory holds one piece, or a small file. It throws a StorageError if the rest cannot be read. */
  read(): AsyncGenerator<Buffer, void>;
}

/** Gives out whole files to somebody who must not get half of one, such as an export. */
export class WholeFiles {
  constructor(private readonly deps: { reader: Pick<MediaReader, 'open'>; clock: Pick<Clock, 'sleep'> }) {}

  /**
   * Finds a file. A small one is read at once, so that only a large one can fail later.
   * @returns undefined if nobody knows the key, or it was deleted
   * @throws StorageError UNAVAILABLE if the bytes exist and cannot be read; INTEGRITY if they are not the ones that the ledger knows
   */
  async find(key: ObjectKey): Promise<WholeFile | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        const opened = await this.deps.reader.open(key, ({ size }) => ({ bytes: size <= HELD_BYTES ? 'all' : 'check' }));
        if (opened.kind === 'unknown' || opened.kind === 'gone') return undefined;
        if (opened.kind === 'unavailable' || opened.kind === 'vanished') throw new StorageError('UNAVAILABLE', { operation: 'export', subject: key });
        const { facts, body } = opened;
        const held = facts.size <= HELD_BYTES && body ? await buffer(body) : undefined;
        body?.destroy();
        if (held && held.length !== facts.size) throw new StorageError('UNAVAILABLE', { operation: 'export', subject: key, detail: `${held.length} of ${facts.size} bytes` });
        if (held) assertBytes(key, facts.etag, createHash('md5').update(held));
        return { size: facts.size, mime: facts.mime, read: () => (held ? one(held) : this.#parts(key, facts)) };
      } catch (error) {
        if (attempt >= ATTEMPTS || !(error instanceof StorageError)) throw error;
        await this.deps.clock.sleep(PAUSE_MS * attempt);
      }
    }
  }

  /** Reads a large file, and goes on behind the last byte where a connection breaks. */
  async *#parts(key: ObjectKey, { size, etag, wholeOnly }: FileFacts): AsyncGenerator<Buffer, void> {
    const hash = createHash('md5');
    let at = 0;
    for (let failures = 0; at < size; ) {
      const from = at;
      let failure: unknown = new StorageError('UNAVAILABLE', { operation: 'export', subject: key });
      try {
        for await (const piece of (await this.#open(key, etag, from, size)) as AsyncIterable<Buffer>) {
          hash.update(piece);
          at += piece.length;
          yield piece;
        }
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        failure = error;
      }
      if (at === size) break;
      failures = at > from ? 1 : failures + 1;
      // without a tag nothing shows that the rest would belong to the same bytes
      if (failures >= ATTEMPTS || (wholeOnly && at > 0)) throw failure;
      await this.deps.clock.sleep(PAUSE_MS * failures);
    }
    assertBytes(key, etag, hash);
  }

  async #open(key: ObjectKey, etag: string, start: number, size: number): Promise<Readable> {
    const opened = await this.deps.reader.open(key, () => (start === 0 ? { bytes: 'all' } : { bytes: 'range', range: { start, end: size - 1 } }));
    if (opened.kind !== 'file' || !opened.body) throw new StorageError('UNAVAILABLE', { operation: 'export', subject: key });
    if (opened.facts.etag === etag && opened.facts.size === size) return opened.body;
    opened.body.destroy();
    throw new StorageError('OBJECT_CHANGED', { operation: 'export', subject: key });
  }
}

/** Compares the bytes with the tag, where the tag is their MD5. @throws StorageError INTEGRITY */
function assertBytes(key: ObjectKey, etag: string, hash: Hash): void {
  if (/^[0-9a-f]{32}$/.test(etag) && hash.digest('hex') !== etag) throw new StorageError('INTEGRITY', { operation: 'export', subject: key });
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer, void> {
  yield bytes;
}

import { createHash, type Hash } from 'node:crypto';
import { tmpdir } from 'node:os';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '../clock';
import { StorageError } from '../errors';
import type { ObjectKey } from '../keys';
import type { MediaReader } from './media-reader';
import { discard, streamOf, type FileFacts } from './serving';
import { SpooledFile } from './spooled-file';

/** Greatest size of a file that is held in memory, in bytes. A larger one lies in a temporary file. */
const HELD_BYTES = 8 * 1024 * 1024;
/** Number of attempts without a further byte before a large file counts as unreadable. */
const ATTEMPTS = 5;
/** Pause before the next attempt; it grows with each, in milliseconds. */
const PAUSE_MS = 1_000;
/** Size of one piece of a file in memory, in bytes. */
const PIECE_BYTES = 64 * 1024;

/** A file with all its bytes, proven by their checksum where the ledger knows one. They are on this server, so that reading cannot fail. */
export interface WholeFile {
  readonly size: number;
  readonly mime: string | null;
  /** Returns the bytes, piece by piece, once. */
  read(): AsyncGenerator<Buffer, void>;
  /** Lets go of a file that nobody will read. */
  discard(): Promise<void>;
}

/** Gives out whole files to somebody who must not get half of one, such as an export. */
export class WholeFiles {
  constructor(private readonly deps: { reader: Pick<MediaReader, 'open'>; clock: Pick<Clock, 'sleep'> }) {}

  /** Whether the bytes can be read now, as far as the first of them shows; true also for a key that nobody knows. */
  async isReadable(key: ObjectKey): Promise<boolean> {
    return (await this.deps.reader.open(key, () => ({ bytes: 'check' }))).kind !== 'unavailable';
  }

  /**
   * Finds a file, and reads all of it.
   * @returns undefined if nobody knows the key, or it was deleted
   * @throws StorageError UNAVAILABLE if the bytes exist and cannot be read; INTEGRITY if they are not the ones that the ledger knows; or an
   *   Error for people if the temporary folder does not take a large file
   */
  async find(key: ObjectKey): Promise<WholeFile | undefined> {
    const found = await this.#found(key);
    if (!found) return undefined;
    const { facts, held } = found;
    const { size, mime } = facts;
    if (held) return { size, mime, read: () => inPieces(held), discard: async () => undefined };
    const spooled = await this.#spooled(key, facts);
    return { size, mime, read: () => spooled.read(), discard: () => spooled.discard() };
  }

  /**
   * Returns the bytes of a file without a copy of them. They are proven at their end: whoever has kept them must remove them if the reading
   * fails.
   * @returns undefined if nobody knows the key, or it was deleted
   * @throws as {@link find} does, also from the reading
   */
  async pieces(key: ObjectKey): Promise<AsyncGenerator<Buffer, void> | undefined> {
    const found = await this.#found(key);
    if (!found) return undefined;
    return found.held ? inPieces(found.held) : this.#parts(key, found.facts);
  }

  /** Finds a file, with its bytes if it is a small one. */
  async #found(key: ObjectKey): Promise<{ facts: FileFacts; held: Buffer | undefined } | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        const opened = await this.deps.reader.open(key, ({ size }) => ({ bytes: size <= HELD_BYTES ? 'all' : 'check' }));
        if (opened.kind === 'unknown' || opened.kind === 'gone') return undefined;
        if (opened.kind !== 'file') throw new StorageError('UNAVAILABLE', { operation: 'export', subject: key });
        const { facts, body } = opened;
        const held = facts.size <= HELD_BYTES && body ? await buffer(streamOf(body)) : undefined;
        discard(body);
        if (held && held.length !== facts.size) throw new StorageError('UNAVAILABLE', { operation: 'export', subject: key, detail: `${held.length} of ${facts.size} bytes` });
        if (held) assertBytes(key, facts.etag, createHash('md5').update(held));
        return { facts, held };
      } catch (error) {
        if (attempt >= ATTEMPTS || !(error instanceof StorageError)) throw error;
        await this.deps.clock.sleep(PAUSE_MS * attempt);
      }
    }
  }

  async #spooled(key: ObjectKey, facts: FileFacts): Promise<SpooledFile> {
    try {
      return await SpooledFile.of(this.#parts(key, facts));
    } catch (cause) {
      if (cause instanceof StorageError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`S3 Storage: the file "${key}" could not be exported: an export copies a large file to the temporary folder ${tmpdir()} first, which did not take its ${facts.size} bytes (${why}). Make room there, or name another folder in TMPDIR.`, { cause });
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
    if (opened.facts.etag === etag && opened.facts.size === size) return streamOf(opened.body);
    discard(opened.body);
    throw new StorageError('OBJECT_CHANGED', { operation: 'export', subject: key });
  }
}

/** Compares the bytes with the tag, where the tag is their MD5. @throws StorageError INTEGRITY */
function assertBytes(key: ObjectKey, etag: string, hash: Hash): void {
  if (/^[0-9a-f]{32}$/.test(etag) && hash.digest('hex') !== etag) throw new StorageError('INTEGRITY', { operation: 'export', subject: key });
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer, void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

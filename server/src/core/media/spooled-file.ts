import { randomUUID } from 'node:crypto';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SPOOL_PREFIX } from '../store/local/temporary-files';

/** Size of one piece that is read from the file, in bytes. */
const PIECE_BYTES = 64 * 1024;

/** Bytes in a temporary file, for one reader. The file has no name any more while it is in use, so that no crash leaves it behind. */
export class SpooledFile {
  #isReading = false;

  private constructor(
    private readonly file: FileHandle,
    private readonly folder: string,
  ) {}

  /** Writes the pieces to a temporary file. @throws the error of `pieces` or of the file system, such as ENOSPC; the file is gone then */
  static async of(pieces: AsyncIterable<Buffer>): Promise<SpooledFile> {
    const folder = await mkdtemp(path.join(tmpdir(), SPOOL_PREFIX));
    const handle = await open(path.join(folder, randomUUID()), 'wx+', 0o600).catch(async (error: unknown) => {
      await remove(folder);
      throw error;
    });
    const file = new SpooledFile(handle, folder);
    try {
      // some systems remove a file only when it is closed; `discard` then does it
      await remove(folder);
      for await (const piece of pieces) await handle.writeFile(piece);
      return file;
    } catch (error) {
      await file.discard();
      throw error;
    }
  }

  /** Returns the bytes, once. The file goes with the last of them, or when the reader leaves. */
  async *read(): AsyncGenerator<Buffer, void> {
    this.#isReading = true;
    try {
      for (let at = 0; ; ) {
        const { bytesRead, buffer } = await this.file.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      this.#isReading = false;
      await this.discard();
    }
  }

  /** Removes the file, unless somebody reads it: then it goes at the end. */
  async discard(): Promise<void> {
    if (this.#isReading) return;
    await this.file.close();
    await remove(this.folder);
  }
}

async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
}

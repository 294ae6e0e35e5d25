import { isStorageError } from '../errors';
import type { LocalName } from '../keys';
import type { LocalStore } from '../store/local/local-store';
import { digest } from '../store/bodies';

/** Greatest number of files that are remembered. A forgotten file is read once more. */
const MAX_REMEMBERED = 1_000;

/**
 * Tells whether the file under a name has certain bytes, whatever volume the ledger names for it. Bytes with the same size and MD5 are
 * the file, and cannot be an older version of it. Each file is read once, and again only after it was changed.
 */
export class ProvenCopies {
  readonly #known = new Map<string, Promise<boolean>>();

  constructor(private readonly disk: Pick<LocalStore, 'stat' | 'get'>) {}

  /** Whether the file has exactly these bytes. Never rejects: a file that cannot be read counts as a file without them. */
  async has(name: LocalName, content: { size: number; md5: string }): Promise<boolean> {
    const found = await this.disk.stat(name).catch(notReadable);
    if (found?.size !== content.size) return false;
    const id = JSON.stringify([name, content.md5, found.dev, found.ino, found.size, found.mtimeMs]);
    // a file that cannot be read now may be readable the next time
    const unreadable = () => {
      this.#known.delete(id);
      return false;
    };
    const known = this.#known.get(id) ?? this.#read(name, content.md5).catch(unreadable);
    this.#known.delete(id);
    if (this.#known.size >= MAX_REMEMBERED) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(id, known);
    return known;
  }

  async #read(name: LocalName, md5: string): Promise<boolean> {
    return (await digest((await this.disk.get(name)).body)).md5 === md5;
  }
}

function notReadable(error: unknown): undefined {
  if (!isStorageError(error)) throw error;
}

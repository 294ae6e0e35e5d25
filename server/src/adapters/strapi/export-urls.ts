import { randomBytes } from 'node:crypto';
import { isStorageError } from '../../core/errors';
import { keyOf, parseKey, type ObjectKey } from '../../core/keys';

/**
 * The addresses under which an export asks Strapi's `fetch` for files of this plugin. They lead nowhere on a network: the name ends in
 * `.invalid` (RFC 2606), and the plugin answers them inside the process. Nobody else can guess them.
 */
export class ExportUrls {
  readonly #base = `https://s3-storage-${randomBytes(16).toString('hex')}.invalid/`;
  #given = 0;

  /** Returns an address that no other file and no other transfer has; undefined for a file whose name this plugin never stores. */
  of(file: { hash: string; ext?: string | null }): string | undefined {
    try {
      return `${this.#base}${++this.#given}/${encodeURIComponent(keyOf(file))}`;
    } catch (error) {
      if (!isStorageError(error, 'INVALID_KEY')) throw error;
      return undefined;
    }
  }

  /** Returns the address as a text, and the key that it is for; undefined for any other address. */
  read(url: unknown): { address: string; key: ObjectKey } | undefined {
    const address = url instanceof URL ? url.href : url;
    if (typeof address !== 'string' || !address.startsWith(this.#base)) return undefined;
    return { address, key: parseKey(decodeURIComponent(address.slice(address.indexOf('/', this.#base.length) + 1))) };
  }
}

import { randomBytes } from 'node:crypto';
import { isStorageError } from '../../core/errors';
import { keyOf, parseKey, type ObjectKey } from '../../core/keys';

/**
 * The addresses under which an export asks Strapi's `fetch` for files of this plugin. They lead nowhere on a network: the name ends in
 * `.invalid` (RFC 2606), and the plugin answers them inside the process. Nobody else can guess them.
 */
export class ExportUrls {
  readonly #base = `https://s3-storage-${randomBytes(16).toString('hex')}.invalid/`;

  /** Returns undefined for a file whose name this plugin never stores. */
  of(file: { hash: string; ext?: string | null }): string | undefined {
    try {
      return this.#base + encodeURIComponent(keyOf(file));
    } catch (error) {
      if (!isStorageError(error, 'INVALID_KEY')) throw error;
      return undefined;
    }
  }

  /** Returns the key that the address is for; undefined for any other address. */
  keyAt(url: unknown): ObjectKey | undefined {
    const text = url instanceof URL ? url.href : url;
    return typeof text === 'string' && text.startsWith(this.#base) ? parseKey(decodeURIComponent(text.slice(this.#base.length))) : undefined;
  }
}

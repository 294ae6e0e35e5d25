import { AsyncLocalStorage } from 'node:async_hooks';
import { errors } from '@strapi/utils';
import { isStorageError, type StorageError } from '../core/errors';
import { keyOf, type ObjectKey } from '../core/keys';
import type { MediaStorage } from '../core/media/media-storage';
import { RequestScope } from '../core/media/request-scope';
import { withBody, type UploadFile } from './upload-file';

/** The methods of Strapi's local upload provider that move bytes. */
export interface UploadProvider {
  upload(file: UploadFile, options?: unknown): Promise<void>;
  uploadStream(file: UploadFile, options?: unknown): Promise<void>;
  replace(newFile: UploadFile, oldFile: UploadFile): Promise<void>;
  replaceStream(newFile: UploadFile, oldFile: UploadFile): Promise<void>;
  delete(file: UploadFile, options?: unknown): Promise<unknown>;
}

/** Strapi's upload service, as far as one call of it is one request to the media library. */
export interface UploadService {
  upload(...args: unknown[]): Promise<unknown>;
  replace(...args: unknown[]): Promise<unknown>;
  remove(...args: unknown[]): Promise<unknown>;
}

/**
 * What takes the calls: the media storage, or undefined while the plugin has nothing to do with this library (off, and
 * its ledger empty), in which case Strapi's own provider does as ever.
 * @throws StorageError when the plugin could not start: better no upload than one the ledger does not know of
 */
export type ActiveStorage = () => Promise<MediaStorage | undefined>;

const scopes = new AsyncLocalStorage<RequestScope>();

/** The wrapped methods; `original` is asked wherever the storage is not active. */
export function wrapProvider(original: UploadProvider, active: ActiveStorage): UploadProvider {
  const write = async (file: UploadFile, pass: () => Promise<void>, replaced?: UploadFile): Promise<void> => {
    const storage = await editorFriendly(active);
    if (!storage) return pass();
    try {
      await editorFriendly(async () => {
        const key = keyOf(file);
        const scope = scopes.getStore();
        await withBody(file, (body) => storage.put(key, body, { mime: file.mime ?? null, scope }));
        const oldKey = replaced && keyOf(replaced);
        if (oldKey && oldKey !== key) await storage.remove(oldKey, scope);
        file.url = urlOf(key);
      });
    } finally {
      // Strapi opened it for us; a refused write would leave its file open
      file.stream?.destroy();
    }
  };
  return {
    upload: (file, options) => write(file, () => original.upload(file, options)),
    uploadStream: (file, options) => write(file, () => original.uploadStream(file, options)),
    replace: (newFile, oldFile) => write(newFile, () => original.replace(newFile, oldFile), oldFile),
    replaceStream: (newFile, oldFile) => write(newFile, () => original.replaceStream(newFile, oldFile), oldFile),
    async delete(file, options) {
      const storage = await editorFriendly(active);
      if (!storage) return original.delete(file, options);
      return editorFriendly(() => storage.remove(keyOf(file), scopes.getStore()));
    },
  };
}

/** Each call of the service runs in a scope of its own; nested calls belong to the outer one. */
export function wrapService(original: UploadService, active: ActiveStorage): UploadService {
  const scoped =
    (kind: RequestScope['kind']) =>
    async (...args: unknown[]): Promise<unknown> => {
      const storage = scopes.getStore() ? undefined : await editorFriendly(active);
      if (!storage) return original[kind](...args);
      const scope = new RequestScope(kind);
      return editorFriendly(() => storage.inScope(scope, () => scopes.run(scope, () => original[kind](...args))));
    };
  return { ...original, upload: scoped('upload'), replace: scoped('replace'), remove: scoped('remove') };
}

function urlOf(key: ObjectKey): string {
  return `/uploads/${key}`;
}

/** Strapi shows an ApplicationError's text to the editor; any other error is a bare 500. */
async function editorFriendly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isStorageError(error, 'INVALID_KEY')) throw new errors.ValidationError(error.message, details(error));
    if (isStorageError(error)) throw new errors.ApplicationError(`${error.message} ${error.hint}`, details(error));
    throw error;
  }
}

function details(error: StorageError) {
  return { code: error.code, hint: error.hint };
}

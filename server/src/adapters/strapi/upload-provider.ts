import { AsyncLocalStorage } from 'node:async_hooks';
import { errors } from '@strapi/utils';
import { isStorageError, type StorageError } from '../../core/errors';
import { keyOf, type ObjectKey } from '../../core/keys';
import type { MediaStorage } from '../../core/media/media-storage';
import { RequestScope } from '../../core/media/request-scope';
import { withBody, type BytesIn, type UploadFile } from './upload-file';

/** The methods of Strapi's local upload provider that move bytes. */
export interface UploadProvider {
  upload(file: UploadFile, options?: unknown): Promise<void>;
  uploadStream(file: UploadFile, options?: unknown): Promise<void>;
  replace(newFile: UploadFile, oldFile: UploadFile): Promise<void>;
  replaceStream(newFile: UploadFile, oldFile: UploadFile): Promise<void>;
  delete(file: UploadFile, options?: unknown): Promise<unknown>;
}

export const PROVIDER_METHODS = ['upload', 'uploadStream', 'replace', 'replaceStream', 'delete'] as const satisfies readonly (keyof UploadProvider)[];
export type ProviderMethod = (typeof PROVIDER_METHODS)[number];

/** The methods of Strapi's upload service of which one call is one request to the media library. */
export interface UploadService {
  upload(...args: unknown[]): Promise<unknown>;
  replace(...args: unknown[]): Promise<unknown>;
  remove(...args: unknown[]): Promise<unknown>;
}

/**
 * Returns the media storage that takes the calls, or undefined while the plugin has nothing to do with this library (it is off, and its
 * ledger is empty). Strapi's own provider then works as ever.
 * @throws StorageError if the plugin could not start: no upload is better than one that the ledger does not know
 */
export type ActiveStorage = () => Promise<MediaStorage | undefined>;

const scopes = new AsyncLocalStorage<RequestScope>();

type OriginalProvider = Pick<UploadProvider, 'upload' | 'uploadStream' | 'delete'> & Partial<UploadProvider>;

/** The methods that {@link wrapProvider} has made. */
const wrapped = new WeakSet<object>();

export function isWrapped(method: unknown): boolean {
  return typeof method === 'function' && wrapped.has(method);
}

/**
 * Wraps the methods of a provider. They call `original` wherever the storage is not active.
 * @param original older versions have no methods to replace; they delete and upload, as Strapi does then
 * @param beforeDelete called before each deletion that the storage takes
 */
export function wrapProvider(original: OriginalProvider, active: ActiveStorage, beforeDelete: () => Promise<void> = async () => undefined): UploadProvider {
  const write = async (file: UploadFile, from: BytesIn, pass: () => Promise<void>, replaced?: UploadFile): Promise<void> => {
    // the file may be gone before anybody reads the stream; whoever reads it then meets the same error
    file.stream?.on('error', () => undefined);
    const storage = await editorFriendly(active);
    if (!storage) return pass();
    try {
      await editorFriendly(async () => {
        const key = keyOf(file);
        const scope = scopes.getStore();
        await withBody(file, from, (body) => storage.put(key, body, { mime: file.mime ?? null, scope }));
        const oldKey = replaced && keyOf(replaced);
        if (oldKey && oldKey !== key) await storage.remove(oldKey, scope);
        file.url = urlOf(key);
      });
    } finally {
      // Strapi opened the stream for this call; a refused write would leave its file open
      file.stream?.destroy();
    }
  };
  const inTwo = async (upload: (file: UploadFile) => Promise<void>, newFile: UploadFile, oldFile: UploadFile) => {
    await original.delete(oldFile);
    await upload(newFile);
  };
  const replace = original.replace ?? ((newFile, oldFile) => inTwo(original.upload, newFile, oldFile));
  const replaceStream = original.replaceStream ?? ((newFile, oldFile) => inTwo(original.uploadStream, newFile, oldFile));
  const methods: UploadProvider = {
    upload: (file, options) => write(file, 'buffer', () => original.upload(file, options)),
    uploadStream: (file, options) => write(file, 'stream', () => original.uploadStream(file, options)),
    replace: (newFile, oldFile) => write(newFile, 'buffer', () => replace(newFile, oldFile), oldFile),
    replaceStream: (newFile, oldFile) => write(newFile, 'stream', () => replaceStream(newFile, oldFile), oldFile),
    async delete(file, options) {
      const storage = await editorFriendly(active);
      if (!storage) return original.delete(file, options);
      await beforeDelete();
      return editorFriendly(() => storage.remove(keyOf(file), scopes.getStore()));
    },
  };
  for (const name of PROVIDER_METHODS) wrapped.add(methods[name]);
  return methods;
}

/**
 * Runs each call of the service in a scope of its own; nested calls belong to the outer one.
 * @param onBypass called when an upload has succeeded and none of its files came to this plugin
 */
export function wrapService(original: UploadService, active: ActiveStorage, onBypass: () => void = () => undefined): UploadService {
  const scoped =
    (kind: RequestScope['kind']) =>
    async (...args: unknown[]): Promise<unknown> => {
      const storage = scopes.getStore() ? undefined : await editorFriendly(active);
      if (!storage) return original[kind](...args);
      const scope = new RequestScope(kind);
      const result = await editorFriendly(() => storage.inScope(scope, () => scopes.run(scope, () => original[kind](...args))));
      if (kind === 'upload' && scope.published.length === 0 && Array.isArray(result) && result.length > 0) onBypass();
      return result;
    };
  return { ...original, upload: scoped('upload'), replace: scoped('replace'), remove: scoped('remove') };
}

function urlOf(key: ObjectKey): string {
  return `/uploads/${key}`;
}

/** Strapi shows the text of an ApplicationError to the editor; any other error is a bare 500. */
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

import type { Clock } from '../../core/clock';
import { isStorageError, printable, StorageError } from '../../core/errors';
import type { ObjectKey } from '../../core/keys';
import type { MediaLibrary } from '../../core/media/library';
import { unreadableFiles, type UnreadableFiles } from '../../core/media/unreadable-files';
import type { WholeFile, WholeFiles } from '../../core/media/whole-files';

/** Number of files that an error names. */
const NAMED = 20;

/** The files of the library for an export, which either carries all of them or fails and names those that it would lack. */
export class ExportedFiles {
  constructor(private readonly deps: { files: WholeFiles; library: MediaLibrary; clock: Pick<Clock, 'elapsed' | 'sleep'> }) {}

  /** Looks at each file before the first is carried. @throws an Error for people, with the names of the files that cannot be read now */
  async assertReadable(): Promise<void> {
    const lacking = await unreadableFiles(this.deps);
    if (lacking.keys.length > 0) throw incomplete(lacking, new StorageError('UNAVAILABLE'));
  }

  /** @returns undefined if nobody has the file @throws an Error for people, as above: this file comes first, then those that it shares its fate with */
  async find(key: ObjectKey): Promise<WholeFile | undefined> {
    try {
      return await this.deps.files.find(key);
    } catch (error) {
      if (!isStorageError(error)) throw error;
      const { keys, isComplete } = await unreadableFiles(this.deps).catch((): UnreadableFiles => ({ keys: [], isComplete: false }));
      throw incomplete({ keys: [...new Set([key, ...keys])], isComplete }, error);
    }
  }

  /** Whether the plugin has bytes of this file. @throws as above */
  async has(key: ObjectKey): Promise<boolean> {
    const file = await this.find(key);
    await file?.discard();
    return file !== undefined;
  }
}

function incomplete({ keys, isComplete }: UnreadableFiles, cause: StorageError): Error {
  const names = keys.slice(0, NAMED).map((key) => `"${printable(key)}"`).join(', ');
  const others = keys.length > NAMED ? ` and ${keys.length - NAMED} others` : '';
  const count = keys.length === 1 ? '1 file' : `${keys.length} files`;
  const message = `S3 Storage: ${isComplete ? '' : 'at least '}${count} cannot be read now: ${names}${others}. The export ends here and is not complete. ${cause.message} ${cause.hint} Then export again.`;
  return new Error(message, { cause });
}

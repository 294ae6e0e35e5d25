import { isStorageError } from '../errors';
import { parseKey, type ObjectKey } from '../keys';
import type { LibraryFile } from '../media/library';
import type { RunProgress } from './run-progress';

/** Files of the media library that are read at once. */
export const PAGE = 500;

const OURS = 'local';

/** The keys of the files that this plugin keeps, each once; the others, and names that cannot be keys, are counted as skipped. */
export function keysOf(files: readonly LibraryFile[], progress: RunProgress): { keys: ObjectKey[]; otherProviders: number } {
  const ours = files.filter(({ provider }) => provider === OURS);
  const count = (some: readonly LibraryFile[]) => some.reduce((total, { names }) => total + names.length, 0);
  const otherProviders = count(files) - count(ours);
  if (otherProviders > 0) progress.skipped('OTHER_PROVIDER', 0, otherProviders);
  return { keys: usable(ours.flatMap(({ names }) => names), progress), otherProviders };
}

/** Those of the names that can be keys, each once. */
export function usable(names: readonly string[], progress: RunProgress): ObjectKey[] {
  const keys = new Set<ObjectKey>();
  for (const name of names) {
    try {
      keys.add(parseKey(name));
    } catch (error) {
      if (!isStorageError(error, 'INVALID_KEY')) throw error;
      progress.skipped('UNUSABLE_NAME');
    }
  }
  return [...keys];
}

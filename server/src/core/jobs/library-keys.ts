import { isStorageError } from '../errors';
import { parseKey, type ObjectKey } from '../keys';
import type { LibraryFile } from '../media/library';
import type { NewFinding } from '../runner/job';
import type { RunProgress } from '../runner/run-progress';

const OURS = 'local';

/**
 * Returns the keys of the files that this plugin keeps, each once. It counts as skipped: the files of other providers, the files at
 * other URLs, and the names that cannot be keys.
 */
export function keysOf(files: readonly LibraryFile[], progress: RunProgress): { keys: ObjectKey[]; otherProviders: number } {
  const ours = files.filter(({ provider }) => provider === OURS);
  const count = (some: readonly LibraryFile[]) => some.reduce((total, { names }) => total + names.length, 0);
  const otherProviders = count(files) - count(ours);
  if (otherProviders > 0) progress.skipped('OTHER_PROVIDER', 0, otherProviders);
  const elsewhere = ours.reduce((total, { otherUrls }) => total + (otherUrls?.length ?? 0), 0);
  if (elsewhere > 0) progress.skipped('OTHER_URL', 0, elsewhere);
  return { keys: usable(ours.flatMap(({ names }) => names), progress), otherProviders };
}

/** Returns a finding for each file that lies at another URL. */
export function elsewhereIn(files: readonly LibraryFile[]): NewFinding[] {
  return files
    .filter(({ provider }) => provider === OURS)
    .flatMap(({ otherUrls }) => otherUrls ?? [])
    .map((name) => ({ kind: 'elsewhere', key: null, name, size: null, code: 'OTHER_URL', action: 'none', applied: false }));
}

/** Returns the names that can be keys, each once. It counts the others as skipped. */
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

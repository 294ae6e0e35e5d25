import type { Clock } from '../clock';
import { isStorageError } from '../errors';
import { parseKey, type ObjectKey } from '../keys';
import { forEach } from '../pool/for-each';
import type { MediaLibrary } from './library';
import type { WholeFiles } from './whole-files';

/** Number of files that are looked at together. A look costs S3 a request for one byte. */
const AT_ONCE = 16;
/** Number of library files in one query. */
const PAGE = 500;
/** Longest time of the first look at all files, in milliseconds: enough for two hundred thousand. */
const LONGEST_MS = 5 * 60_000;
/** Number of further looks at the files that could not be read, and the pause before each in milliseconds: S3 may have been busy. */
const FURTHER_LOOKS = 2;
const PAUSE_MS = 3_000;

interface Deps {
  files: Pick<WholeFiles, 'isReadable'>;
  library: MediaLibrary;
  clock: Pick<Clock, 'elapsed' | 'sleep'>;
}

/** The files of the library whose bytes exist and cannot be read now. */
export interface UnreadableFiles {
  readonly keys: readonly ObjectKey[];
  /** False if the time was over before the last file was looked at. */
  readonly isComplete: boolean;
}

/** Looks at each file and format of the media library, and at the logos of the admin panel. No bytes but the first of each are read. */
export async function unreadableFiles(deps: Deps): Promise<UnreadableFiles> {
  const { clock } = deps;
  const until = clock.elapsed() + LONGEST_MS;
  let isComplete = true;
  async function* inTime() {
    for await (const key of keysOf(deps.library)) {
      if (clock.elapsed() >= until) isComplete = false;
      if (!isComplete) return;
      yield key;
    }
  }
  let keys = await unreadable(deps, inTime());
  for (let look = 0; look < FURTHER_LOOKS && keys.length > 0; look++) {
    await clock.sleep(PAUSE_MS);
    keys = await unreadable(deps, keys);
  }
  return { keys, isComplete };
}

async function unreadable({ files }: Deps, keys: Iterable<ObjectKey> | AsyncIterable<ObjectKey>): Promise<ObjectKey[]> {
  const found: ObjectKey[] = [];
  await forEach(keys, AT_ONCE, async (key) => {
    if (!(await files.isReadable(key))) found.push(key);
  });
  return found.sort();
}

async function* keysOf(library: MediaLibrary): AsyncGenerator<ObjectKey, void> {
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page = await library.page({ after, limit: PAGE, maxId: null });
    for (const { provider, names } of page) if (provider === 'local') yield* names.flatMap(keyOf);
    after = page.at(-1)?.id;
  }
  yield* (await library.logos()).flatMap(keyOf);
}

/** A name that the plugin never stores has no key: Strapi reads such a file from the disk. */
function keyOf(name: string): ObjectKey[] {
  try {
    return [parseKey(name)];
  } catch (error) {
    if (!isStorageError(error, 'INVALID_KEY')) throw error;
    return [];
  }
}

import type { Core } from '@strapi/strapi';
import { systemClock, type Clock } from '../../core/clock';
import { StorageError } from '../../core/errors';
import type { ObjectKey } from '../../core/keys';
import type { MediaCatalog } from '../../core/media/catalog';
import type { MediaLibrary } from '../../core/media/library';
import { candidateHashes, isAtItsPlace, nameOf, oddNamesOf, partsOf, type ListedFile, type ListedPart } from './library-names';
import { OddNames } from './odd-names';

/** Number of hashes in one query; every database takes this many parameters. */
const CHUNK = 500;
/** Number of files that one step of a scan reads; SQLite blocks the process for 10 to 25 ms meanwhile. */
const PAGE = 500;
/** Longest wait of a visitor for the first scan of the library (ms). */
const FIRST_LOOK_MS = 1_500;
/** Greatest age of the known odd names while visitors ask for unknown names (ms). */
const STALE_MS = 60_000;
const FILE_MODEL = 'plugin::upload.file';
const NAMES: (keyof ListedFile)[] = ['id', 'provider', 'hash', 'ext', 'url', 'formats'];

export interface Preparation {
  /** Starts the first scan of the library in the background. Until it ends `listed` cannot answer for every name. */
  prepare(): void;
}

export interface OriginalNames {
  /** Returns the name under which an editor uploaded the file or its image; undefined if the library does not list it under a name of Strapi's. */
  originalName(key: ObjectKey): Promise<string | undefined>;
}

/**
 * Strapi's media library as a list of keys: the `files` table with the formats inside its rows, and the logos of the admin panel,
 * which are files too but appear in the core store only.
 */
export function mediaCatalog(strapi: Core.Strapi, clock: Pick<Clock, 'now' | 'elapsed' | 'sleep'> = systemClock): MediaCatalog & MediaLibrary & Preparation & OriginalNames {
  const find = async (query: object) => (await strapi.db.query(FILE_MODEL).findMany(query)) as ListedFile[];
  const filesAfter = (after: number, limit: number, maxId: number | null = null) =>
    find({ select: NAMES, where: { id: { $gt: after, ...(maxId !== null && { $lte: maxId }) } }, orderBy: { id: 'asc' }, limit });
  const byIds = (ids: readonly number[]) => find({ select: NAMES, where: { id: { $in: ids } } });
  const odd = new OddNames(
    {
      page: filesAfter,
      changedSince: async (moment) =>
        (await find({ select: ['id', 'updatedAt'], where: { updatedAt: { $gte: moment } } })).map(({ id, updatedAt }) => ({ id, at: new Date(updatedAt ?? 0).getTime() })),
      byIds,
      logos: () => logos(strapi),
    },
    clock,
    PAGE,
  );
  const logoNames = async () => (await logos(strapi)).flatMap(nameOf);
  let isPrepared = false;
  let firstLook: Promise<void> | undefined;

  /** Runs in the background; a caller that needs the result checks whether it is there. */
  const bringUpToDate = () => {
    const look = odd.refresh().catch(() => undefined);
    firstLook ??= look.finally(() => void (firstLook = undefined));
  };

  /** Returns the wanted keys that belong to a file or a format by the names that Strapi gives. */
  const byHash = async (wanted: ReadonlySet<ObjectKey>): Promise<Set<ObjectKey>> => {
    const listed = new Set<ObjectKey>();
    const hashes = [...new Set([...wanted].flatMap(candidateHashes))];
    for (let at = 0; at < hashes.length; at += CHUNK) {
      const files = await find({ select: ['hash', 'ext', 'formats'], where: { hash: { $in: hashes.slice(at, at + CHUNK) } } });
      for (const name of files.flatMap((file) => partsOf(file).flatMap(nameOf))) if (wanted.has(name as ObjectKey)) listed.add(name as ObjectKey);
    }
    return listed;
  };

  /** Adds the wanted keys that were known as odd names or logos and still are. It costs nothing if none of them was known as such. */
  const addOdd = async (wanted: ReadonlySet<ObjectKey>, listed: Set<ObjectKey>): Promise<void> => {
    const others = [...wanted].filter((key) => !listed.has(key));
    const ids = [...new Set(others.flatMap((key) => odd.filesOf(key)))];
    for (let at = 0; at < ids.length; at += CHUNK) {
      for (const file of await byIds(ids.slice(at, at + CHUNK))) {
        for (const name of [...oddNamesOf(file), ...partsOf(file).flatMap(nameOf)]) if (wanted.has(name as ObjectKey)) listed.add(name as ObjectKey);
      }
    }
    const mayBeLogos = odd.isComplete ? others.some((key) => odd.isLogo(key)) : others.length > 0;
    if (mayBeLogos) for (const name of await logoNames()) if (wanted.has(name as ObjectKey)) listed.add(name as ObjectKey);
  };

  /** Waits until the first scan has ended. @throws StorageError UNAVAILABLE if it takes too long */
  const firstLookEnded = async (): Promise<void> => {
    if (!isPrepared || odd.isComplete) return;
    if (!firstLook && odd.ageMs > STALE_MS) bringUpToDate();
    await within(FIRST_LOOK_MS, firstLook);
    if (!odd.isComplete) throw beingRead();
  };

  /** Waits for `what`. @throws StorageError UNAVAILABLE if it has not ended after `ms` milliseconds; it goes on in the background */
  const within = async (ms: number, what: Promise<void> | undefined): Promise<void> => {
    const over = new AbortController();
    const late = clock.sleep(ms, over.signal).then(
      () => Promise.reject(beingRead()),
      () => undefined,
    );
    try {
      await Promise.race([what, late]);
    } finally {
      over.abort();
    }
  };

  return {
    page: async ({ after, limit, maxId }) => (await filesAfter(after, limit, maxId)).map(libraryFile),
    logos: logoNames,

    prepare() {
      if (isPrepared) return;
      isPrepared = true;
      bringUpToDate();
    },

    async listed(keys) {
      const wanted = new Set(keys);
      const listed = await byHash(wanted);
      if (listed.size === wanted.size) return listed;
      await firstLookEnded();
      if (odd.isComplete && odd.ageMs > STALE_MS) bringUpToDate();
      await addOdd(wanted, listed);
      return listed;
    },

    async originalName(key) {
      const files = await find({ select: ['hash', 'ext', 'name', 'formats'], where: { hash: { $in: candidateHashes(key) } } });
      for (const file of files) {
        if (nameOf(file).includes(key)) return file.name;
        for (const [format, part] of Object.entries(file.formats ?? {})) if (nameOf(part).includes(key)) return part?.name ?? (file.name && `${format}_${file.name}`);
      }
      return undefined;
    },

    async listedAnywhere(keys, options) {
      const wanted = new Set(keys);
      const listed = await byHash(wanted);
      if (listed.size === wanted.size && !options?.rescan) return listed;
      const refreshed = odd.refresh(options);
      await (options?.patienceMs === undefined ? refreshed : within(options.patienceMs, refreshed));
      await addOdd(wanted, listed);
      return listed;
    },
  };
}

function beingRead(): StorageError {
  return new StorageError('UNAVAILABLE', { operation: 'look up', detail: 'the media library is being read' });
}

function libraryFile(file: ListedFile) {
  const parts = partsOf(file);
  return {
    id: file.id,
    provider: file.provider,
    names: parts.filter(isAtItsPlace).flatMap(nameOf),
    otherUrls: parts.flatMap((part) => (isAtItsPlace(part) ? [] : (part.url ?? []))),
  };
}

async function logos(strapi: Core.Strapi): Promise<ListedPart[]> {
  const settings = (await strapi.store({ type: 'core', name: 'admin', key: 'project-settings' }).get({})) as Record<string, ListedPart | null> | null;
  return Object.values(settings ?? {}).filter((logo): logo is ListedPart => logo !== null && typeof logo === 'object');
}

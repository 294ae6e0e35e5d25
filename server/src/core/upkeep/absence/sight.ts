import { isStorageError } from '../../errors';
import { parseKey, type ObjectKey, type VolumeId } from '../../keys';
import type { Clock } from '../../clock';
import type { LedgerWrites } from '../../ledger/writes';
import type { MediaLibrary } from '../../media/library';
import type { ChangedFile, LibraryChanges, ListedSize } from '../../media/library-changes';
import { AT_ONCE } from '../../pool/at-once';
import type { LibraryExtent, Watches } from '../../volumes/watches';
import { CLOCKS_DIFFER_MS } from './judge';

/** A changed key is one that Strapi may have changed without the plugin. */
export interface ChangedKey {
  readonly key: ObjectKey;
  readonly size: ListedSize;
  /** When the library's file changed, in milliseconds since the epoch by this machine's clock; null where the library does not say it. */
  readonly changedAt: number | null;
  /** Whether the library's file was made since the last look. */
  readonly isNew: boolean;
}

/** The files that the library has changed since the last look. */
export interface Sight {
  /** When the library was read, by the clock's `elapsed`. */
  readonly readAt: number;
  /** How long ago the plugin was surely still there, in milliseconds at `readAt`. */
  readonly absentMs: number;
  readonly changed: readonly ChangedKey[];
  readonly extent: LibraryExtent;
  /** The extent of the library at the last look; null where nobody has noted it. */
  readonly before: LibraryExtent | null;
}

export interface SightParts {
  readonly ledger: Pick<LedgerWrites, 'isEmpty'>;
  readonly library: LibraryChanges & Pick<MediaLibrary, 'logos'>;
  readonly watches: Pick<Watches, 'last'>;
  readonly clock: Clock;
}

/** Reads what the library has changed since the last look at this volume. @throws the database's errors */
export async function see({ ledger, library, watches, clock }: SightParts, volume: VolumeId): Promise<Sight> {
  const readAt = clock.elapsed();
  const watch = await watches.last(volume);
  const extent = await library.extent();
  // as long as the ledger knows nothing, it knows no old bytes
  if (await ledger.isEmpty()) return { readAt, absentMs: 0, changed: [], extent, before: extent };
  const absentMs = watch ? watch.unwatchedMs + CLOCKS_DIFFER_MS : Infinity;
  const lastId = watch?.extent?.lastId ?? null;
  const since = Math.max(0, clock.now() - absentMs);
  const changed: ChangedKey[] = [];
  for (let after = 0; ; ) {
    const files = await library.page({ since, lastId, after, limit: AT_ONCE.page });
    changed.push(...files.flatMap((file) => changedKeysOf(file, lastId)));
    if (files.length < AT_ONCE.page) break;
    after = files.at(-1)?.id ?? after;
  }
  // no column tells when a logo changed, but a new logo has a new name
  const logos = (await library.logos()).flatMap((name) => changedKeyOf({ name, size: null }, { changedAt: null, isNew: true }));
  return { readAt, absentMs, changed: [...changed, ...logos], extent, before: watch?.extent ?? null };
}

/** Whether files have been deleted since the last look, or nobody can tell. @throws the database's errors */
export async function hasLost({ library }: Pick<SightParts, 'library'>, { before }: Sight): Promise<boolean> {
  return before === null || (await library.extent(before.lastId)).files < before.files;
}

function changedKeysOf({ id, changedAt, parts }: ChangedFile, lastId: number | null): ChangedKey[] {
  const isNew = lastId !== null && id > lastId;
  // an import gives a new file the times of the project that it comes from
  return parts.flatMap((part) => changedKeyOf(part, { changedAt: isNew ? null : changedAt, isNew }));
}

function changedKeyOf({ name, size }: ChangedFile['parts'][number], facts: Pick<ChangedKey, 'changedAt' | 'isNew'>): ChangedKey[] {
  try {
    return [{ key: parseKey(name), size, ...facts }];
  } catch (error) {
    // such a name is no key, and Strapi's own route serves it
    if (!isStorageError(error, 'INVALID_KEY')) throw error;
    return [];
  }
}

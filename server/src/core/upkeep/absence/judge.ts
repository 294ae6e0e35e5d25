/**
 * Decides whether a file at a plain path is newer than the bytes that the ledger knows: pure functions. Both may be older. The plugin
 * leaves older files at plain paths: condemned ones in their grace, ones that it has forgotten, and those of an uploads folder that
 * somebody has copied. Such a file must never win.
 */
import type { ListedSize } from '../../media/library-changes';
import { isIn, type LedgerRow } from '../../ledger/state';

/**
 * How far clocks may differ, in milliseconds: Strapi notes the time of a change by the clock of its process, a file gets the one of its
 * disk, and the ledger has the database's.
 */
export const CLOCKS_DIFFER_MS = 10 * 60_000;

/** The time of a file is the one of the kernel's last tick, and a file system may round it, in milliseconds. */
const FILE_TIME_STEP_MS = 10;

/** The facts about one key. All ages are milliseconds up to the present moment, so that they compare across clocks. */
export interface Evidence {
  readonly row: LedgerRow;
  /** The age of the last change of the row. */
  readonly rowAgeMs: number;
  readonly file: { readonly size: number; readonly ageMs: number };
  readonly listed: {
    readonly size: ListedSize;
    /** The age of the library's last change of the file; null where it says nothing, for instance after an import. */
    readonly ageMs: number | null;
    /** The age of this information itself. */
    readonly readMs: number;
  };
  /** How long ago the plugin was surely still there. */
  readonly absentMs: number;
}

/** Whether the file at the plain path has the key's newest bytes, provided that they differ from those of the ledger. */
export function isNewer({ row, rowAgeMs, file, listed, absentMs }: Evidence): boolean {
  // the file lay there before the plugin went away, and the plugin knew newer bytes then
  if (file.ageMs > absentMs) return false;
  // Strapi writes a file first, and then its row; so somebody else wrote this one, or copied the folder
  if (listed.ageMs !== null && file.ageMs < listed.ageMs - CLOCKS_DIFFER_MS) return false;
  const isLater = file.ageMs < rowAgeMs;
  // after a change of the row or of the file the library may have other sizes than those that were read; and no size outweighs a deletion
  if (Math.min(rowAgeMs, file.ageMs) <= listed.readMs + FILE_TIME_STEP_MS || row.tombstone !== null) return isLater;
  const fitsFile = fits(listed.size, file.size);
  const fitsLedger = isIn(row, 'local', 'both', 'remote') ? fits(listed.size, row.placement.content.size) : false;
  // the library has the size of the bytes that Strapi wrote last, whatever the clocks say
  if (fitsFile !== fitsLedger && fitsFile !== null) return fitsFile;
  return isLater;
}

/**
 * Whether the library surely knows newer bytes than the ledger, although this disk does not have them: Strapi has noted another size since
 * the row changed.
 */
export function isElsewhere({ row, rowAgeMs, listed }: Omit<Evidence, 'file' | 'absentMs'>): boolean {
  if (!isIn(row, 'local', 'both', 'remote') || row.tombstone !== null || listed.ageMs === null) return false;
  return rowAgeMs > listed.ageMs + CLOCKS_DIFFER_MS && fits(listed.size, row.placement.content.size) === false;
}

/** Whether a size in bytes is the one that the library notes; null where it notes none. */
function fits(listed: ListedSize, bytes: number): boolean | null {
  if (listed === null) return null;
  if ('bytes' in listed) return listed.bytes === bytes;
  // half a hundredth is lost by rounding, and a little more by floating point
  return Math.abs(listed.kilobytes - bytes / 1000) < 0.00501;
}

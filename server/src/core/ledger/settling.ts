import { isOwnLocalName, plainLocalName, type ObjectKey, type VolumeId } from '../keys';
import type { IntentOf, KnownBytes, PlacedName } from './ledger';
import { isIn, type LedgerRow, type RowIn } from './state';
import type { Change } from './transitions';

/**
 * Leaving: files that the plugin wrote under names of its own on a disk get their plain paths, where Strapi finds them without
 * the plugin. The new name is recorded before the file has it, as `settling`, which is a pending name that only a settler can
 * make live: what one left when it crashed, the next takes up, as both would give the path the same bytes.
 */
export interface Settling {
  /**
   * Rows without a tombstone whose file lies under an own name on this volume, in an order in which no row ever changes its
   * place, after the row of `after` (null: from the first on). Those whose last attempt failed are left out until they are due.
   */
  unsettled(volume: VolumeId, after: ObjectKey | null, limit: number): Promise<LedgerRow[]>;

  /** Whether any row without a tombstone is `both` with its copy on another volume than this one. */
  copiesElsewhere(volume: VolumeId): Promise<boolean>;

  /** Of such rows, whatever their attempts, one that is due first; undefined when the volume has none. */
  leftToSettle(volume: VolumeId): Promise<LedgerRow | undefined>;

  /**
   * Records the plain path of such a row as settling, provided the row is still at `rev`. Undefined when it is not, or when the
   * path is recorded already; only a settling of the same bytes is taken up, while one of other bytes is condemned.
   */
  beginSettle(row: LedgerRow): Promise<IntentOf<'file'> | undefined>;

  /**
   * After the file has its plain path as well: makes that the row's, provided the row is still at `rev`, has no tombstone and
   * the name is settling. The own name is condemned with the grace of `supersededGraceMs`.
   * @returns false when not; a name that still is settling is condemned then.
   * @throws StorageError INTERNAL for an intent of another key; nothing has changed then.
   */
  commitSettle(row: LedgerRow, intent: IntentOf<'file'>): Promise<boolean>;

  /** Takes back a settling name that the file surely was not given, because somebody else's file has it. */
  forgetSettle(intent: IntentOf<'file'>): Promise<void>;

  /**
   * Makes a condemned name due before its grace is over, as it is needed again: `restMs` milliseconds after it was condemned.
   * @returns whether the sweeper is to free it, now or then
   */
  expediteName(name: PlacedName, restMs: number): Promise<boolean>;

  /** Whether the sweeper may still remove what it found under this due name. See `removeKnown`. */
  stillDue(id: number): Promise<boolean>;
}

/** Whether the row's file has an own name on this volume. */
export function isUnsettled(row: LedgerRow, volume?: VolumeId): row is RowIn<'local'> | RowIn<'both'> {
  if (row.tombstone !== null || !isIn(row, 'local', 'both')) return false;
  const { local } = row.placement;
  return isOwnLocalName(local.localName) && (volume === undefined || local.volume === volume);
}

/** Where the row's file is to lie, and what it is; undefined when the row has moved on since it was read at `rev`, or has settled. */
export function toSettle(row: LedgerRow, rev: number): { name: PlacedName & { kind: 'file' }; content: KnownBytes } | undefined {
  // guard: settles-at-its-revision
  if (row.rev !== rev) return undefined;
  if (!isUnsettled(row)) return undefined;
  const { local, content } = row.placement;
  const { size, md5 } = content;
  return { name: { kind: 'file', name: plainLocalName(row.key), volume: local.volume }, content: { size, md5 } };
}

/** The own name becomes the intent's; undefined when the row has moved on since it was read at `rev`, or is buried. */
export function settled(row: LedgerRow, rev: number, intent: IntentOf<'file'>, graceMs: number): Change | undefined {
  const content = toSettle(row, rev)?.content;
  if (!content || !isUnsettled(row, intent.volume)) return undefined;
  const { placement } = row;
  const local = { volume: intent.volume, localName: intent.name };
  const own: PlacedName = { kind: 'file', name: placement.local.localName, volume: intent.volume };
  return {
    row: { ...row, placement: { ...placement, local }, rev: rev + 1, attempts: 0, lastError: null },
    condemned: [{ name: own, graceMs, content }],
  };
}

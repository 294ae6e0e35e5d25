/** The changes that leaving S3 makes to one row: pure functions, as in `transitions.ts`. */
import { isOwnLocalName, plainLocalName, type VolumeId } from '../keys';
import { isIn, type LedgerRow, type RowIn } from './state';
import type { Change } from './transitions';
import type { IntentOf, KnownBytes, PlacedName } from './words';

/** Whether the row's file has an own name, on this volume if one is given. */
export function isLeftToSettle(row: LedgerRow, volume?: VolumeId): row is RowIn<'local'> | RowIn<'both'> {
  if (row.tombstone !== null || !isIn(row, 'local', 'both')) return false;
  const { local } = row.placement;
  return isOwnLocalName(local.localName) && (volume === undefined || local.volume === volume);
}

/** Returns the plain path of the row's file and its bytes; undefined when the row has changed since it was read at `rev`, or has settled. */
export function toSettle(row: LedgerRow, rev: number): { name: PlacedName & { kind: 'file' }; content: KnownBytes } | undefined {
  // guard: settles-at-its-revision
  if (row.rev !== rev) return undefined;
  if (!isLeftToSettle(row)) return undefined;
  const { local, content } = row.placement;
  const { size, md5 } = content;
  return { name: { kind: 'file', name: plainLocalName(row.key), volume: local.volume }, content: { size, md5 } };
}

/** Points the row from its own name to the intent's name. Returns undefined when it has changed since it was read at `rev`, or is buried. */
export function settled(row: LedgerRow, rev: number, intent: IntentOf<'file'>, graceMs: number): Change | undefined {
  const content = toSettle(row, rev)?.content;
  if (!content || !isLeftToSettle(row, intent.volume)) return undefined;
  const { placement } = row;
  const local = { volume: intent.volume, localName: intent.name };
  const own: PlacedName = { kind: 'file', name: placement.local.localName, volume: intent.volume };
  return {
    row: { ...row, placement: { ...placement, local }, rev: rev + 1, attempts: 0, lastError: null },
    condemned: [{ name: own, graceMs, content }],
  };
}

// This file is longer than others, so that all steps that a row can take stand side by side.
/**
 * The changes of one row: pure functions from the row as it is (read under a lock) to the row as it shall be, and to the names that
 * nobody needs any more. The implementations of the ledger only load, apply and store. `rev` grows in every function that returns a
 * changed row, except {@link failed} and {@link spendPlain}, because a job must be able to commit after them.
 */
import type { ErrorCode } from '../../contracts/errors';
import { StorageError } from '../errors';
import { ownLocalName, ownObjectName, plainLocalName, plainObjectName, type ObjectKey, type Ticket } from '../keys';
import type { BeginFile, BeginObject, BeginOptions, CondemnOptions, Intent, KnownBytes, PlacedName, Publication, Work, LocalCopy, RemoteCopy } from './words';
import { isIn, localOf, remoteOf, type LedgerRow, type Placement, type RowIn } from './state';

/** A name to be condemned. */
export interface Condemnation {
  readonly name: PlacedName;
  /** How long the bytes shall stay, in milliseconds of the ledger's clock. */
  readonly graceMs: number;
  /** The bytes under the name; null when they are not known. */
  readonly content: KnownBytes | null;
}

export interface Change {
  readonly row: LedgerRow;
  readonly condemned: readonly Condemnation[];
}

/** Returns nine random digits; see {@link ownObjectName}. @param random returns numbers that are uniform in [0, 1) */
export function nonce(random: () => number): string {
  return String(Math.floor(random() * 1e9)).padStart(9, '0');
}

/** Returns the first row of a key: a `new` one, or the library's file that was found at its plain path. */
export function firstRow(key: ObjectKey, found: BeginOptions['found']): LedgerRow {
  const placement: Placement = found
    ? {
        state: 'local',
        content: { size: found.size, md5: null, mime: null },
        local: { volume: found.volume, localName: found.localName },
      }
    : { state: 'new' };
  return {
    key,
    placement,
    origin: found ? 'library' : 'upload',
    rev: 0,
    ticket: 0 as Ticket,
    tombstone: null,
    plainUsed: false,
    attempts: 0,
    lastError: null,
  };
}

/**
 * Turns a row without bytes into the library's file that was found at its plain path. A first write that failed leaves a `new` row,
 * and this must not make the plugin forget the file that was there before.
 * @param recorded whether the plain path is recorded for a write of the plugin, pending or condemned; then the file may be that write's
 */
export function noticed(row: LedgerRow, found: BeginOptions['found'], recorded: boolean): LedgerRow {
  if (!found || recorded || row.placement.state !== 'new') return row;
  const { placement, origin } = firstRow(row.key, found);
  return { ...row, placement, origin, rev: row.rev + 1, attempts: 0, lastError: null };
}

/**
 * Adopts the object that was found in the bucket under the plain name of a key without bytes. The plain name is spent by that.
 * Returns undefined when the key has bytes, or when a write of the plugin had the plain name: the object may be an unproven one of
 * that write.
 */
export function adopted(
  row: LedgerRow,
  remote: RemoteCopy,
  content: { size: number; md5: string; mime: string | null },
): RowIn<'remote'> | undefined {
  if (row.placement.state !== 'new' || row.plainUsed) return undefined;
  const placement = { state: 'remote', content, remote } as const;
  return { ...row, origin: 'library', placement, rev: row.rev + 1, plainUsed: true, attempts: 0, lastError: null };
}

/** Returns every name that the row's current bytes lie under. */
export function liveNames(row: LedgerRow): PlacedName[] {
  const remote = remoteOf(row);
  const local = localOf(row);
  const names: PlacedName[] = [];
  if (remote) names.push({ kind: 'object', name: remote.object, locationId: remote.locationId });
  if (local) names.push({ kind: 'file', name: local.localName, volume: local.volume });
  return names;
}

/** Returns the identity of a name in its place: two names have the same identity only if they are the same name in the same place. */
export function nameId(name: PlacedName): string {
  return JSON.stringify([name.kind, name.kind === 'object' ? name.locationId : name.volume, name.name]);
}

/**
 * Returns the ticket of a write or delete that begins now. It is the drawn id. If the database's sequence was set back, because
 * somebody moved the ledger to another database without it, the ticket is raised above those of the row: otherwise every later
 * write would count as superseded.
 */
export function ticketFor(row: LedgerRow, id: number): Ticket {
  return Math.max(id, row.ticket + 1, (row.tombstone?.ticket ?? 0) + 1) as Ticket;
}

/** Returns the plain name, if this write may have it: see {@link LedgerWrites.begin}. */
export function plainNameFor(row: LedgerRow, request: BeginObject | BeginFile): PlacedName | undefined {
  if (!request.plainFree) return undefined;
  if (request.kind === 'object') {
    // guard: plain-name-once
    if (row.plainUsed) return undefined;
    return { kind: 'object', name: plainObjectName(request.prefix, row.key), locationId: request.locationId };
  }
  // the plain path of a `gone` key may still wait for the sweeper
  if (row.placement.state !== 'new') return undefined;
  return { kind: 'file', name: plainLocalName(row.key), volume: request.volume };
}

/** Returns a name that no other write has: see {@link ownObjectName}. */
export function ownNameFor(request: BeginObject | BeginFile, id: number, digits: string): PlacedName {
  return request.kind === 'object'
    ? { kind: 'object', name: ownObjectName(request.prefix, request.key, id, digits), locationId: request.locationId }
    : { kind: 'file', name: ownLocalName(request.key, id, digits), volume: request.volume };
}

/** Notes that the plain object name was given out. */
export function spendPlain(row: LedgerRow): LedgerRow {
  return { ...row, plainUsed: true };
}

export type Published = { readonly outcome: 'superseded' } | ({ readonly outcome: 'published' } & Change);

/** Points the row to a written name, unless a write or a purged delete that began later was committed already. */
export function published(row: LedgerRow, write: Publication, rule: CondemnOptions & { graceMs: number }): Published {
  const { ticket } = write.intent;
  // guard: later-ticket-stays
  if (row.ticket > ticket) return { outcome: 'superseded' };
  const buriedLater = row.tombstone !== null && row.tombstone.ticket > ticket;
  const outranked =
    buriedLater &&
    // guard: tombstone-outranks-no-write
    row.placement.state === 'gone';
  if (outranked) return { outcome: 'superseded' };
  const next: LedgerRow = {
    ...row,
    placement: placementOf(write),
    origin: 'origin' in write ? write.origin : 'upload',
    rev: row.rev + 1,
    ticket,
    tombstone: buriedLater ? row.tombstone : null,
    attempts: 0,
    lastError: null,
  };
  return { outcome: 'published', row: next, condemned: dropped(row, next, rule) };
}

function placementOf(write: Publication): Placement {
  const content = { size: write.size, md5: write.md5, mime: write.mime };
  if ('etag' in write) {
    const { locationId, name } = write.intent;
    return { state: 'remote', content, remote: { locationId, object: name, etag: write.etag } };
  }
  return { state: 'local', content, local: { volume: write.intent.volume, localName: write.intent.name } };
}

/** Returns the names that `before` points to and `after` does not, as far as this instance may condemn them. */
export function dropped(before: LedgerRow, after: LedgerRow, rule: CondemnOptions & { graceMs: number }): Condemnation[] {
  if (!('content' in before.placement)) return [];
  const { size, md5 } = before.placement.content;
  const kept = new Set(liveNames(after).map(nameId));
  return liveNames(before)
    .filter((name) => !kept.has(nameId(name)) && (name.kind === 'file' || rule.condemnObjects))
    .map((name) => ({ name, graceMs: rule.graceMs, content: { size, md5 } }));
}

/** Puts a tombstone on the row. A `gone` row gets it too, so that a write that began before this delete stays superseded. */
export function buried(row: LedgerRow, ticket: Ticket): LedgerRow {
  return { ...row, rev: row.rev + 1, tombstone: { ticket } };
}

/** Whether the row's tombstone still waits for its purge. A `gone` row keeps its tombstone only to recognise late writes. */
export function awaitsPurge(row: LedgerRow): boolean {
  return row.tombstone !== null && row.placement.state !== 'gone';
}

/** Purges a buried row that was read at `rev`. Returns undefined when the row has changed since. */
export function purged(
  row: LedgerRow,
  rev: number,
  options: CondemnOptions & { referenced: boolean },
): Change | undefined {
  if (row.placement.state === 'gone') return undefined;
  // guard: purge-ends-its-own-tombstone
  if (row.rev !== rev || row.tombstone === null) return undefined;
  // guard: purge-asks-the-library
  if (options.referenced) return { row: { ...row, rev: rev + 1, tombstone: null }, condemned: [] };
  const next: LedgerRow = { ...row, placement: { state: 'gone' }, rev: rev + 1, attempts: 0, lastError: null };
  return { row: next, condemned: dropped(row, next, { ...options, graceMs: 0 }) };
}

/** @throws StorageError INTERNAL for an intent of another key, because its bytes can never be this row's */
export function sameKey(row: LedgerRow, intent: Intent): void {
  if (intent.key === row.key) return;
  throw new StorageError('INTERNAL', { operation: 'commit', subject: row.key, detail: `the intent is of "${intent.key}"` });
}

/**
 * Makes a `local` row `both`. Returns undefined when the row has changed since it was read at `rev`, or when the bytes that were
 * proven in S3 are not those that the ledger knows.
 */
export function uploaded(
  row: LedgerRow,
  rev: number,
  remote: RemoteCopy,
  md5: string,
): RowIn<'both'> | undefined {
  if (!isIn(row, 'local') || !isAsUploaded(row, rev, md5)) return undefined;
  const { content, local } = row.placement;
  return {
    ...row,
    placement: { state: 'both', content: { ...content, md5 }, local, remote },
    rev: rev + 1,
    attempts: 0,
    lastError: null,
  };
}

/** Whether a row is still the one whose file an upload has read: it is at the same revision, and is not known to have other bytes. */
function isAsUploaded({ rev, placement: { content } }: RowIn<'local'>, readAt: number, md5: string): boolean {
  // guard: upload-commits-at-its-revision
  return rev === readAt && (content.md5 === null || content.md5 === md5);
}

/** Makes a `both` row `remote`. Returns undefined when the row has changed since it was read at `rev`, or is buried. */
export function cleaned(row: LedgerRow, rev: number, graceMs: number): (Change & { row: RowIn<'remote'> }) | undefined {
  if (row.rev !== rev || row.tombstone !== null || !isIn(row, 'both')) return undefined;
  const { content, remote } = row.placement;
  const next: RowIn<'remote'> = { ...row, placement: { state: 'remote', content, remote }, rev: rev + 1, attempts: 0, lastError: null };
  return { row: next, condemned: dropped(row, next, { condemnObjects: false, graceMs }) };
}

/**
 * Makes a `remote` row `both`, or gives a `both` row another copy and forgets the former one. Returns undefined when the row has
 * changed since it was read at `rev`, or is buried.
 */
export function restored(row: LedgerRow, rev: number, local: LocalCopy): RowIn<'both'> | undefined {
  // guard: restore-commits-at-its-revision
  if (row.rev !== rev) return undefined;
  if (row.tombstone !== null || !isIn(row, 'remote', 'both')) return undefined;
  const { content, remote } = row.placement;
  return { ...row, placement: { state: 'both', content, local, remote }, rev: rev + 1, attempts: 0, lastError: null };
}

/** Notes a failed attempt. Returns undefined when the row has changed since it was read at `rev`. */
export function failed(row: LedgerRow, rev: number, code: ErrorCode): LedgerRow | undefined {
  if (row.rev !== rev) return undefined;
  return { ...row, attempts: row.attempts + 1, lastError: code };
}

/** Whether the row needs this work. The ledger decides when it is due. */
export function awaits(row: LedgerRow, work: Work): boolean {
  if (row.tombstone !== null) return false;
  switch (work.work) {
    case 'upload':
      return isIn(row, 'local') && row.origin === work.origin && row.placement.local.volume === work.volume;
    case 'cleanup':
      return isIn(row, 'both') && row.placement.local.volume === work.volume;
    case 'restore':
      return isIn(row, 'remote');
  }
}

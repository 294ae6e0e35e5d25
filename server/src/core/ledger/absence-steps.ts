/** The change that a file of plain Strapi makes to one row: a pure function, as in `transitions.ts`. */
import type { Ticket, VolumeId } from '../keys';
import { plainLocalName } from '../keys';
import { dropped, type Change } from './transitions';
import { isIn, type LedgerRow } from './state';
import type { CondemnOptions, Origin, PlacedName } from './words';

/** A file at the plain path of its key that somebody wrote without the plugin. */
export interface ForeignFile {
  readonly volume: VolumeId;
  /** Size in bytes. */
  readonly size: number;
  readonly md5: string;
}

export interface TakeUpOptions extends CondemnOptions {
  /** The origin that the row gets. It says who sends the file to S3. */
  readonly origin: Origin;
}

/** The plain path of a key on a volume. */
export function plainPathOf({ key }: Pick<LedgerRow, 'key'>, volume: VolumeId): PlacedName & { kind: 'file' } {
  return { kind: 'file', name: plainLocalName(key), volume };
}

/**
 * Makes a foreign file the current bytes of the row. Returns undefined when the row has changed since it was read at `rev`, or is `new`:
 * a reader finds the file of such a row without help.
 * @param pending whether a write of the plugin has the plain path on record as pending; the file may be that write's
 */
export function takenUp(
  row: LedgerRow,
  rev: number,
  file: ForeignFile,
  { pending, ...rule }: TakeUpOptions & { graceMs: number; pending: boolean },
): Change | undefined {
  if (row.rev !== rev) return undefined;
  if (pending || isIn(row, 'new')) return undefined;
  const { size, md5, volume } = file;
  const next: LedgerRow = {
    ...row,
    placement: { state: 'local', content: { size, md5, mime: null }, local: { volume, localName: plainLocalName(row.key) } },
    origin: rule.origin,
    rev: rev + 1,
    // not a new ticket: a write that began before this step is not published yet, so it is the later one
    ticket: Math.max(row.ticket, row.tombstone?.ticket ?? 0) as Ticket,
    tombstone: null,
    attempts: 0,
    lastError: null,
  };
  return { row: next, condemned: dropped(row, next, rule) };
}

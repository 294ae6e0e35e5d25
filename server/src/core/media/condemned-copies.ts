import { isIn, type LedgerRow } from '../ledger/state';
import type { LocalCopy } from '../ledger/words';
import type { LedgerWrites } from '../ledger/writes';
import type { EngineParts } from './deps';
import type { ProvenCopies } from './proven-copies';

/**
 * Finds condemned files that still have a row's bytes, because a cleanup or a settling condemned them. A reader gets one if no copy to which
 * the row points can be read, for instance because the object in S3 is damaged, or S3 does not answer. The plugin compares each file
 * with the ledger's checksum before it serves it, and again when the file has changed since.
 */
export class CondemnedCopies {
  constructor(
    private readonly deps: Pick<EngineParts<LedgerWrites>, 'ledger' | 'volume'>,
    private readonly proven: ProvenCopies,
  ) {}

  /** Finds a condemned file on this disk with exactly the row's bytes. @throws the database's errors */
  async of(row: LedgerRow): Promise<LocalCopy | undefined> {
    if (!isIn(row, 'local', 'both', 'remote')) return undefined;
    const { size, md5 } = row.placement.content;
    if (md5 === null) return undefined;
    const volume = this.deps.volume.id;
    const names = (await this.deps.ledger.condemnedFiles(volume, [row.key])).get(row.key) ?? [];
    for (const localName of names) if (await this.proven.has(localName, { size, md5 })) return { volume, localName };
    return undefined;
  }
}

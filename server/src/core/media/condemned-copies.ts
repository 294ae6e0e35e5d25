import { isIn, type LedgerRow } from '../ledger/state';
import type { LocalCopy } from '../ledger/words';
import type { LedgerWrites } from '../ledger/writes';
import type { EngineParts } from './deps';
import type { VerifiedCopies } from './verified-copies';

/**
 * Files that await the sweeper and have a row's bytes all the same, as a cleanup or a settling has let go of them: readers get them
 * where no copy that the row leads to can be read, because S3's object is damaged, say, or S3 is away. Each is compared with the
 * ledger's checksum before it is served, and again when it has changed since.
 */
export class CondemnedCopies {
  constructor(
    private readonly deps: Pick<EngineParts<LedgerWrites>, 'ledger' | 'volume'>,
    private readonly verified: VerifiedCopies,
  ) {}

  /** Such a file on this disk with exactly the row's bytes. @throws what the database throws */
  async of(row: LedgerRow): Promise<LocalCopy | undefined> {
    if (!isIn(row, 'local', 'both', 'remote')) return undefined;
    const { size, md5 } = row.placement.content;
    if (md5 === null) return undefined;
    const volume = this.deps.volume.id;
    const names = (await this.deps.ledger.condemnedFiles(volume, [row.key])).get(row.key) ?? [];
    for (const localName of names) if (await this.verified.has(localName, { size, md5 })) return { volume, localName };
    return undefined;
  }
}

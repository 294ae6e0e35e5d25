import { isIn, type LedgerRow, type LocalCopy } from '../ledger/state';
import type { EngineParts } from './deps';
import type { VerifiedCopies } from './verified-copies';

/**
 * Files that a cleanup has let go of, and that the sweeper has not removed yet: they have the row's bytes, which is what readers get
 * while S3's object is damaged or S3 is away. Each is compared with the ledger's checksum before it is served, and again when it has
 * changed since.
 */
export class CondemnedCopies {
  constructor(
    private readonly deps: Pick<EngineParts, 'ledger' | 'volume'>,
    private readonly verified: VerifiedCopies,
  ) {}

  /** A file on this disk with exactly the bytes of a row that has no other copy on a disk. @throws what the database throws */
  async of(row: LedgerRow): Promise<LocalCopy | undefined> {
    if (!isIn(row, 'remote')) return undefined;
    const { size, md5 } = row.placement.content;
    if (md5 === null) return undefined;
    const volume = this.deps.volume.id;
    const names = (await this.deps.ledger.condemnedFiles(volume, [row.key])).get(row.key) ?? [];
    for (const localName of names) if (await this.verified.has(localName, { size, md5 })) return { volume, localName };
    return undefined;
  }
}

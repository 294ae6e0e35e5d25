import { isStorageError } from '../errors';
import type { LocalName } from '../keys';
import { isIn, type LedgerRow, type LocalCopy } from '../ledger/state';
import { storedBody } from './body';
import type { EngineParts } from './deps';
import { statOf } from './plain-file';

/** The most files whose bytes are remembered as compared. */
const MAX_PROVEN = 1_000;

/**
 * Files that await the sweeper and have a row's bytes all the same, as a cleanup or a settling has let go of them: readers get them
 * where no copy that the row leads to can be read, because S3's object is damaged, say, or S3 is away. Each is compared with the ledger's checksum before it is served, and again when it has
 * changed since.
 */
export class CondemnedCopies {
  /** By name, the facts of the file that was compared. */
  readonly #proven = new Map<LocalName, string>();
  /** Comparisons under way: many readers of one large file read it once. */
  readonly #underWay = new Map<string, Promise<boolean>>();

  constructor(private readonly deps: Pick<EngineParts, 'ledger' | 'disk' | 'volume'>) {}

  /** Such a file on this disk with exactly the row's bytes. @throws what the database throws */
  async of(row: LedgerRow): Promise<LocalCopy | undefined> {
    if (!isIn(row, 'local', 'both', 'remote')) return undefined;
    const { size, md5 } = row.placement.content;
    if (md5 === null) return undefined;
    const volume = this.deps.volume.id;
    const names = (await this.deps.ledger.condemnedFiles(volume, [row.key])).get(row.key) ?? [];
    for (const localName of names) if (await this.#has(localName, size, md5)) return { volume, localName };
    return undefined;
  }

  async #has(name: LocalName, size: number, md5: string): Promise<boolean> {
    try {
      const stat = await statOf(this.deps.disk, name);
      if (stat?.size !== size) return false;
      const facts = `${size} ${stat.mtimeMs} ${md5}`;
      if (this.#proven.get(name) === facts) return true;
      const id = `${name} ${facts}`;
      const comparing = this.#underWay.get(id) ?? this.#compare(name, md5).finally(() => this.#underWay.delete(id));
      this.#underWay.set(id, comparing);
      if (!(await comparing)) return false;
      if (this.#proven.size >= MAX_PROVEN) this.#proven.delete(this.#proven.keys().next().value as LocalName);
      this.#proven.set(name, facts);
      return true;
    } catch (error) {
      if (!isStorageError(error)) throw error;
      return false;
    }
  }

  async #compare(name: LocalName, md5: string): Promise<boolean> {
    return (await storedBody(this.deps.disk, name)).md5 === md5;
  }
}

import type { Area, OwnerBook, OwnerRecord } from '../buckets/owner/owner-book';
import type { AreaId } from '../ownership';

/** The book of one simulated database. A copy of the database copies the book, see {@link copy}. */
export class MemoryOwnerBook implements OwnerBook {
  readonly #entries = new Map<AreaId, { area: Area; record: OwnerRecord }>();

  async find(area: AreaId): Promise<OwnerRecord | undefined> {
    return this.#entries.get(area)?.record;
  }

  async areas(endpoint: string, bucket: string): Promise<Area[]> {
    return [...this.#entries.values()].map(({ area }) => area).filter((area) => area.endpoint === endpoint && area.bucket === bucket);
  }

  async create(area: Area, record: OwnerRecord): Promise<boolean> {
    if (this.#entries.has(area.id)) return false;
    this.#entries.set(area.id, { area, record });
    return true;
  }

  async ofOwner(owner: string): Promise<OwnerRecord[]> {
    return [...this.#entries.values()].map(({ record }) => record).filter((record) => record.owner === owner);
  }

  async replace(area: AreaId, ifToken: string, record: OwnerRecord): Promise<boolean> {
    const entry = this.#entries.get(area);
    if (entry?.record.token !== ifToken) return false;
    this.#entries.set(area, { area: entry.area, record });
    return true;
  }

  async remove(area: AreaId, ifToken: string): Promise<void> {
    if (this.#entries.get(area)?.record.token === ifToken) this.#entries.delete(area);
  }

  copy(): MemoryOwnerBook {
    const copy = new MemoryOwnerBook();
    for (const [id, entry] of this.#entries) copy.#entries.set(id, entry);
    return copy;
  }
}

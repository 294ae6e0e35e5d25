import type { OwnerBook, OwnerRecord, Place } from '../buckets/owner/owner-book';
import type { PlaceId } from '../ownership';

/** The book of one simulated database. A copy of the database copies the book, see {@link copy}. */
export class MemoryOwnerBook implements OwnerBook {
  readonly #entries = new Map<PlaceId, { place: Place; record: OwnerRecord }>();

  async find(place: PlaceId): Promise<OwnerRecord | undefined> {
    return this.#entries.get(place)?.record;
  }

  async places(endpoint: string, bucket: string): Promise<Place[]> {
    return [...this.#entries.values()].map(({ place }) => place).filter((place) => place.endpoint === endpoint && place.bucket === bucket);
  }

  async create(place: Place, record: OwnerRecord): Promise<boolean> {
    if (this.#entries.has(place.id)) return false;
    this.#entries.set(place.id, { place, record });
    return true;
  }

  async ofOwner(owner: string): Promise<OwnerRecord[]> {
    return [...this.#entries.values()].map(({ record }) => record).filter((record) => record.owner === owner);
  }

  async replace(place: PlaceId, ifToken: string, record: OwnerRecord): Promise<boolean> {
    const entry = this.#entries.get(place);
    if (entry?.record.token !== ifToken) return false;
    this.#entries.set(place, { place: entry.place, record });
    return true;
  }

  async remove(place: PlaceId, ifToken: string): Promise<void> {
    if (this.#entries.get(place)?.record.token === ifToken) this.#entries.delete(place);
  }

  copy(): MemoryOwnerBook {
    const copy = new MemoryOwnerBook();
    for (const [id, entry] of this.#entries) copy.#entries.set(id, entry);
    return copy;
  }
}

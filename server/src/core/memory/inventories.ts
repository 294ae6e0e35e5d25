import { NO_INVENTORY, type Inventories, type Inventory } from '../ledger/inventories';
import type { VolumeId } from '../keys';

/** The inventories beside the memory ledger. For tests. */
export class MemoryInventories implements Inventories {
  readonly #known = new Map<VolumeId, Inventory>();

  async of(volume: VolumeId): Promise<Inventory> {
    return this.#known.get(volume) ?? NO_INVENTORY;
  }

  async save(volume: VolumeId, inventory: Inventory): Promise<boolean> {
    if ((await this.of(volume)).generation !== inventory.generation) return false;
    this.#known.set(volume, inventory);
    return true;
  }

  restart(): void {
    for (const [volume, { generation }] of this.#known) this.#known.set(volume, { ...NO_INVENTORY, generation: generation + 1 });
  }
}

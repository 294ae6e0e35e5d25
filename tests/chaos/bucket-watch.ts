import { snapshotOf } from '../support/bucket-snapshot';
import type { RawBucket } from '../support/raw-s3';
import type { Books } from './ledger-rows';
import type { World } from './world';

/**
 * Remembers every object that it has ever seen, and objects when one has other bytes later, or is gone although production's database
 * does not say that production has removed it.
 */
export class BucketWatch {
  readonly #seen = new Map<string, string>();

  constructor(
    private readonly world: World,
    private readonly books: Books,
    private readonly bucket: RawBucket,
  ) {}

  /** Compares all objects with those of the former looks. Production's clients rest meanwhile. @returns the number of objects */
  async look(): Promise<number> {
    const present = await snapshotOf(this.bucket);
    const removed = new Set(await this.books.removable());
    for (const [name, sum] of this.#seen) {
      const now = present.get(name);
      if (now !== undefined && now !== sum) this.world.violated(`the object "${name}" was overwritten: ${now} instead of ${sum}`);
      if (now === undefined && !removed.has(name)) this.world.violated(`the object "${name}" is gone, and production has not removed it`);
      if (now === undefined) this.#seen.delete(name);
    }
    for (const [name, sum] of present) this.#seen.set(name, sum);
    return present.size;
  }
}

import type { DatabaseIdentity } from '../../server/src/core/buckets/owner/database-identity';
import { remoteOf } from '../../server/src/core/ledger/state';
import type { Outside } from './outside';
import { AREA } from './process';
import type { Sender, StoredObject } from './sim-s3';
import type { World } from './world';

/** The name of the object that says who owns the bucket. */
export const MARKER = '.s3-storage-owner.json';
const PROBES = '.s3-storage-probe';

/** The longest time for which a former owner may go on removing objects, in milliseconds: a removal needs a look of that age. */
const KNOWN_MS = 10_000;

/**
 * Tells from the marker and the databases, and from nothing that the engine says, which database owns the bucket, and judges what the
 * others send there (promise P4 in `docs/design.md`). While nobody can tell, the last owner stays the owner.
 */
export class TrueOwner {
  #owner: World | undefined;
  readonly #ceased = new Map<World, number>();
  #marker: StoredObject | undefined;
  /** When the bucket had no marker for the last time. */
  #lastWithout = -Infinity;
  /** The identities of all databases that have been the owner. */
  readonly #haveOwned = new Set<string>();

  constructor(
    private readonly outside: Outside,
    /** The servers that are there now. */
    private readonly worlds: () => readonly World[],
  ) {}

  is(world: World): boolean {
    return this.#owner === world;
  }

  /** Looks who owns the bucket after a step. A new owner answers for the objects that are there at this moment. */
  async update(): Promise<void> {
    const marker = this.outside.s3.objects.get(MARKER);
    if (!marker) this.#lastWithout = this.outside.time;
    if (marker === this.#marker) return;
    this.#marker = marker;
    const words = marker && wordsOf(marker);
    if (!words) return;
    for (const world of this.worlds()) if (world !== this.#owner && (await isNamed(world, words))) return this.#moveTo(world);
  }

  /** Lets a server take the area of another one that has ended, for example of the one from whose backup it was restored. */
  async succeeds(): Promise<void> {
    this.#marker = undefined;
    await this.update();
  }

  senderOf(world: World): Sender {
    return {
      sends: (label, name) => {
        const isRecent = this.is(world) || (this.#ceased.get(world) ?? -Infinity) + KNOWN_MS >= this.outside.time;
        if (isRecent || (name === MARKER && this.#mayMark(world))) return;
        const isNew = label.startsWith('PUT') && !this.outside.s3.objects.has(name);
        // a former owner that has not looked yet sends what nobody else will ever write, and harms nothing
        if (this.#ceased.has(world) && (isNew || name.startsWith(PROBES))) return;
        this.outside.violated(`${world.name}a database that does not own the bucket sent ${label}`);
      },
      lands: (name) => {
        if (name !== MARKER && !this.is(world)) this.#owner?.lost.add(name);
      },
    };
  }

  /**
   * A claim writes a marker, and so does a database that was the owner, if its look found no marker. Two such databases may look at the same
   * moment, and only a store that takes notice of conditions can refuse the second one.
   */
  #mayMark(world: World): boolean {
    const wasGone = this.#lastWithout + KNOWN_MS >= this.outside.time;
    return world.hasClaimed || this.#owner === undefined || (wasGone && this.#haveOwned.has(world.identity.id!));
  }

  async #moveTo(world: World): Promise<void> {
    if (this.#owner) this.#ceased.set(this.#owner, this.outside.time);
    this.#owner = world;
    this.#haveOwned.add(world.identity.id!);
    this.#ceased.delete(world);
    this.outside.note(`${world.name || 'production: '}owns the bucket from here on`);
    world.lost.clear();
    for (const key of world.everWritten()) {
      const row = await world.database.ledger.find(key);
      const remote = row && remoteOf(row);
      const object = this.outside.s3.objects.get(remote?.object ?? key);
      const isWhole = object && (!remote || !row || !('content' in row.placement) || object.md5 === row.placement.content.md5);
      if (!isWhole) world.lost.add(remote?.object ?? key);
    }
  }
}

interface Words {
  readonly owner: string;
  readonly token: string;
  readonly database: DatabaseIdentity | null;
}

/** The words of a marker; undefined where it is damaged. */
function wordsOf({ bytes }: StoredObject): Words | undefined {
  try {
    return JSON.parse(bytes.toString()) as Words;
  } catch {
    return undefined;
  }
}

async function isNamed({ database, identity }: World, words: Words): Promise<boolean> {
  const record = await database.owners.find(AREA.id);
  return record?.owner === words.owner && [record.token, record.inMarker].includes(words.token) && words.database?.id === identity.id;
}

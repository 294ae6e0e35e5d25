import type { Knex } from 'knex';
import type { Transactions } from '../transactions';
import type { LocalName, ObjectKey, ObjectName, VolumeId } from '../../../core/keys';
import type { DueName, Intent, KnownBytes, LocationId, PlacedName } from '../../../core/ledger/words';
import { nameId, type Condemnation } from '../../../core/ledger/transitions';
import { answersInserted, clockAfter, insertedId } from '../dialect';
import { inParts, parts } from '../parts';
import { INSERTED_AT_ONCE, sha256 } from './objects';
import type { BigIntColumn } from './object-columns';

interface NameColumns {
  id: BigIntColumn;
  kind: string;
  location_id: number | null;
  volume: string | null;
  name: string;
  object_key: string;
  condemned_at: BigIntColumn;
  unfinished: boolean | number;
  size: BigIntColumn | null;
  md5: string | null;
}

type DueColumns = NameColumns & { condemned_ms: BigIntColumn };

type PendingColumns = Pick<NameColumns, 'id' | 'object_key'> & { name_hash: string };

/** The statuses of a name whose write is under way. For `settling` see {@link LedgerMoves}. */
type UnderWay = 'pending' | 'settling';

/** `s3_storage_names` through one connection or transaction. */
export class Names {
  constructor(
    readonly db: Knex,
    private readonly tableIn: Transactions['table'],
  ) {}

  table(): Knex.QueryBuilder {
    return this.tableIn(this.db, 's3_storage_names');
  }

  /** Draws an id that was never drawn before, and leaves no row behind. */
  async drawId(): Promise<number> {
    const id = await this.#insertBlank('' as ObjectKey, 'ticket');
    await this.table().where('id', id).delete();
    return id;
  }

  /** Records a name as pending. @returns its id; undefined when the name is recorded already, whatever its status */
  insertPending(key: ObjectKey, name: PlacedName, content: Partial<KnownBytes> = {}, status: UnderWay = 'pending'): Promise<number | undefined> {
    const columns = { ...this.#blank(key, name.kind), ...placed(name), ...content, status };
    // guard: recorded-name-not-given-out
    return insertedId(this.db, this.table().insert(columns).onConflict('name_hash').ignore());
  }

  /** Does {@link insertPending} for each name. @returns the ids by {@link nameId}, without the names that are recorded already */
  async insertAllPending(pending: readonly { key: ObjectKey; name: PlacedName; content?: KnownBytes }[]): Promise<Map<string, number>> {
    const ids = new Map<string, number>();
    if (pending.length === 0) return ids;
    if (!answersInserted(this.db)) {
      for (const { key, name, content } of pending) {
        const id = await this.insertPending(key, name, content);
        if (id !== undefined) ids.set(nameId(name), id);
      }
      return ids;
    }
    const columns = pending.map(({ key, name, content }) => ({ ...this.#blank(key, name.kind), ...placed(name), size: null, md5: null, ...content, status: 'pending' }));
    const inserted = new Map<string, number>();
    for (const some of parts(columns, INSERTED_AT_ONCE)) {
      const insert = this.table().insert(some).onConflict('name_hash').ignore().returning(['id', 'name_hash']);
      for (const { id, name_hash } of (await insert) as { id: BigIntColumn; name_hash: string }[]) inserted.set(name_hash, Number(id));
    }
    for (const { name } of pending) {
      const id = inserted.get(sha256(nameId(name)));
      if (id !== undefined) ids.set(nameId(name), id);
    }
    return ids;
  }

  /** Returns the names that are recorded, in any status, each as its {@link nameId}. */
  async recorded(names: readonly PlacedName[]): Promise<Set<string>> {
    const ids = new Map(names.map((name) => [sha256(nameId(name)), nameId(name)]));
    const found = await inParts([...ids.keys()], (some): PromiseLike<{ name_hash: string }[]> => this.table().whereIn('name_hash', some).select('name_hash'));
    return new Set(found.flatMap(({ name_hash }) => ids.get(name_hash) ?? []));
  }

  /** Returns the condemned files of these keys on this volume, by key. */
  async condemnedFiles(volume: VolumeId, keys: readonly ObjectKey[]): Promise<Map<ObjectKey, LocalName[]>> {
    const condemned = (some: readonly ObjectKey[]): PromiseLike<Pick<NameColumns, 'object_key' | 'name'>[]> =>
      this.table().where({ kind: 'file', status: 'condemned', volume }).whereIn('object_key', [...some]).orderBy('id').select('object_key', 'name');
    const found = await inParts(keys, condemned);
    const files = new Map<ObjectKey, LocalName[]>();
    for (const { object_key, name } of found) {
      const key = object_key as ObjectKey;
      files.set(key, [...(files.get(key) ?? []), name as LocalName]);
    }
    return files;
  }

  /** Records a name as pending that contains its own id. */
  async insertOwn(
    key: ObjectKey,
    kind: PlacedName['kind'],
    nameOf: (id: number) => PlacedName,
  ): Promise<{ id: number; name: PlacedName }> {
    const id = await this.#insertBlank(key, kind);
    const name = nameOf(id);
    await this.table().where('id', id).update(placed(name));
    return { id, name };
  }

  async touch(intents: readonly Intent[]): Promise<void> {
    for (const some of parts(intents)) await this.#pending(some).update({ touched_at: clockAfter(this.db) });
  }

  /** Locks the names of the intents that are still pending. @returns these intents */
  async lockPending<I extends Intent>(intents: readonly I[]): Promise<Set<I>> {
    const locked = (some: readonly I[]): PromiseLike<PendingColumns[]> => this.#pending(some).orderBy('id').forUpdate().select('id', 'name_hash', 'object_key');
    // everybody locks in the same order, so that nobody waits in a circle
    const found = await inParts([...intents].sort((a, b) => a.id - b.id), locked);
    const pending = new Map(found.map((row) => [Number(row.id), row]));
    const isPending = (intent: I) => {
      const row = pending.get(intent.id);
      // guard: intent-is-its-id-and-name
      return row?.name_hash === sha256(nameId(intent)) && row.object_key === intent.key;
    };
    return new Set(intents.filter(isPending));
  }

  async forget(intents: readonly Intent[]): Promise<void> {
    for (const some of parts(intents)) await this.#pending(some).delete();
  }

  async condemnPending(intents: readonly Intent[]): Promise<void> {
    for (const some of parts(intents)) await this.#pending(some).update(this.unfinished());
  }

  /** Condemns names, whether they are recorded or not. A recorded one becomes condemned too, and only the sweeper ends that status. */
  async condemn(key: ObjectKey, condemned: readonly Condemnation[]): Promise<void> {
    for (const { name, graceMs, content } of condemned) {
      const columns = {
        ...this.#blank(key, name.kind),
        ...placed(name),
        ...this.#condemned(graceMs),
        // guard: sweeper-knows-the-bytes
        ...content,
      };
      const merged = ['status', 'condemned_at', 'due_at', 'size', 'md5'];
      await this.table().insert(columns).onConflict('name_hash').merge(merged);
    }
  }

  /** Condemns a name that is not recorded, due at once. @returns false when it is recorded; nothing has changed then */
  async condemnNew(key: ObjectKey, name: PlacedName): Promise<boolean> {
    const columns = { ...this.#blank(key, name.kind), ...placed(name), ...this.#condemned(0) };
    // guard: stray-is-recorded-by-nobody
    return (await insertedId(this.db, this.table().insert(columns).onConflict('name_hash').ignore())) !== undefined;
  }

  /** Returns the columns that condemn a name whose write has not ended; it is due at once. */
  unfinished(): Record<string, unknown> {
    return { ...this.#condemned(0), unfinished: true };
  }

  #condemned(graceMs: number): Record<string, unknown> {
    return { status: 'condemned', condemned_at: clockAfter(this.db), due_at: clockAfter(this.db, graceMs) };
  }

  async listDue(query: (table: Knex.QueryBuilder) => Knex.QueryBuilder): Promise<DueName[]> {
    const found: DueColumns[] = await query(this.table()).select('*', this.db.raw('? - condemned_at as condemned_ms', [clockAfter(this.db)]));
    return found.map(toDueName);
  }

  /** Selects the name of the intent, if it is still settling, so that the caller can lock or change it. */
  settling(intent: Intent): Knex.QueryBuilder {
    return this.#recorded([intent], 'settling');
  }

  /** Selects the record of a name, whatever its status. */
  of(name: PlacedName): Knex.QueryBuilder {
    return this.table().where('name_hash', sha256(nameId(name)));
  }

  #pending(intents: readonly Intent[]): Knex.QueryBuilder {
    return this.#recorded(intents, 'pending');
  }

  /** Selects by id, name and key. An id alone is not enough, because SQLite draws it again after a rollback of its transaction. */
  #recorded(intents: readonly Intent[], status: UnderWay): Knex.QueryBuilder {
    const ids = intents.map((intent) => intent.id);
    const hashes = intents.map((intent) => sha256(nameId(intent)));
    const keys = intents.map((intent) => intent.key);
    return this.table().whereIn('id', ids).whereIn('name_hash', hashes).whereIn('object_key', keys).where({
      // guard: only-names-under-way
      status,
    });
  }

  /** Whether any name at this location is recorded, in any status. */
  async areAt(location: LocationId): Promise<boolean> {
    const found: unknown[] = await this.table().where({ location_id: location }).limit(1).select('id');
    return found.length > 0;
  }

  async #insertBlank(key: ObjectKey, kind: string): Promise<number> {
    const insert = this.table().insert({ ...this.#blank(key, kind), name: '', status: 'pending' });
    return (await insertedId(this.db, insert)) as number;
  }

  #blank(key: ObjectKey, kind: string): Record<string, unknown> {
    const now = clockAfter(this.db);
    return { kind, object_key: key, created_at: now, touched_at: now };
  }
}

function placed(name: PlacedName): Record<string, unknown> {
  return {
    name_hash: sha256(nameId(name)),
    name: name.name,
    location_id: name.kind === 'object' ? name.locationId : null,
    volume: name.kind === 'file' ? name.volume : null,
  };
}

function toDueName(columns: DueColumns): DueName {
  const common = {
    id: Number(columns.id),
    key: columns.object_key as ObjectKey,
    unfinished: Boolean(columns.unfinished),
    content: columns.size === null ? null : { size: Number(columns.size), md5: columns.md5 },
    condemnedAt: Number(columns.condemned_at),
    condemnedMs: Number(columns.condemned_ms),
  };
  return columns.kind === 'object'
    ? { ...common, kind: 'object', name: columns.name as ObjectName, locationId: Number(columns.location_id) }
    : { ...common, kind: 'file', name: columns.name as LocalName, volume: columns.volume as VolumeId };
}

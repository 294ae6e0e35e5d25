import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock';
import type { LocalName, ObjectKey, VolumeId } from '../keys';
import type { Ledger } from '../ledger/ledger';
import type { DueName, Intent, KnownBytes, LedgerPolicy, LocationId, PlacedName } from '../ledger/words';
import { nameId, type Condemnation } from '../ledger/transitions';

interface NameRecord {
  readonly id: number;
  readonly key: ObjectKey;
  readonly name: PlacedName;
  readonly status: 'pending' | 'settling' | 'condemned' | 'swept';
  readonly touchedAt: number;
  readonly dueAt: number;
  readonly condemnedAt: number;
  readonly unfinished: boolean;
  readonly content: KnownBytes | null;
}

/** The names of the memory ledger that are recorded: pending, settling, condemned and swept ones. */
export class MemoryNames {
  /** The names by their {@link nameId}. */
  readonly #names = new Map<string, NameRecord>();
  #lastId = 0;

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly policy: LedgerPolicy,
  ) {}

  drawId(): number {
    return ++this.#lastId;
  }

  isRecorded(name: PlacedName): boolean {
    return this.#names.has(nameId(name));
  }

  /** Whether any name at this location is recorded. */
  areAt(location: LocationId): boolean {
    return [...this.#names.values()].some(({ name }) => name.kind === 'object' && name.locationId === location);
  }

  insertPending(id: number, key: ObjectKey, name: PlacedName, content: KnownBytes | null): void {
    const touchedAt = this.clock.now();
    this.#set({ id, key, name, status: 'pending', touchedAt, dueAt: Infinity, condemnedAt: 0, unfinished: false, content });
  }

  /** How many of the intents are still pending. */
  pending(intents: readonly Intent[]): number {
    return this.#pending(intents).length;
  }

  /** Ends the record of a name, whatever its status. */
  drop(name: PlacedName): void {
    this.#names.delete(nameId(name));
  }

  isPending(name: PlacedName): boolean {
    return this.#names.get(nameId(name))?.status === 'pending';
  }

  touch(intents: readonly Intent[]): void {
    for (const record of this.#pending(intents)) this.#set({ ...record, touchedAt: this.clock.now() });
  }

  forget(intents: readonly Intent[]): void {
    for (const { name } of this.#pending(intents)) this.#names.delete(nameId(name));
  }

  condemnPending(intents: readonly Intent[]): void {
    for (const record of this.#pending(intents)) this.#condemnUnfinished(record);
  }

  condemnAbandoned(): number {
    const before = this.clock.now() - this.policy.abandonedAfterMs;
    const abandoned = [...this.#names.values()].filter(
      (name) =>
        (name.status === 'settling' && name.touchedAt <= before) ||
        // guard: untouched-names-are-condemned
        (name.status === 'pending' && name.touchedAt <= before),
    );
    for (const record of abandoned) this.#condemnUnfinished(record);
    return abandoned.length;
  }

  condemn(key: ObjectKey, condemned: readonly Condemnation[]): void {
    const now = this.clock.now();
    for (const { name, graceMs, content } of condemned) {
      const id = this.#names.get(nameId(name))?.id ?? this.drawId();
      const times = { touchedAt: now, condemnedAt: now, dueAt: now + graceMs };
      this.#set({ id, key, name, status: 'condemned', ...times, unfinished: false, content });
    }
  }

  condemnedFiles(volume: VolumeId, keys: ReadonlySet<ObjectKey>): Map<ObjectKey, LocalName[]> {
    const files = new Map<ObjectKey, LocalName[]>();
    for (const { key, name, status } of this.#names.values()) {
      if (status !== 'condemned' || name.kind !== 'file' || name.volume !== volume || !keys.has(key)) continue;
      files.set(key, [...(files.get(key) ?? []), name.name]);
    }
    return files;
  }

  due(where: Parameters<Ledger['dueNames']>[0], limit: number): DueName[] {
    return [...this.#names.values()]
      .filter(({ status, dueAt }) => status !== 'pending' && dueAt <= this.clock.now())
      .filter(({ name }) =>
        name.kind === 'object'
          ? where.kind === 'object' && where.locationId === name.locationId
          : where.kind === 'file' && where.volume === name.volume,
      )
      .sort((a, b) => a.dueAt - b.dueAt || a.id - b.id)
      .slice(0, limit)
      .map(({ id, key, name, unfinished, content, condemnedAt }): DueName => ({ id, key, ...name, unfinished, content, condemnedAt, condemnedMs: this.clock.now() - condemnedAt }));
  }

  swept(id: number): void {
    const record = this.#due(id);
    const now = this.clock.now();
    if (!record) return;
    const { status, name, unfinished } = record;
    const isWrittenFile = status === 'condemned' && name.kind === 'file' && !unfinished;
    // guard: names-are-removed-twice
    if (isWrittenFile || status === 'swept') this.#names.delete(nameId(name));
    else this.#set({ ...record, status: 'swept', dueAt: now + this.policy.secondSweepMs });
  }

  postpone(id: number, retryAfterMs: number): void {
    const record = this.#due(id);
    if (record) this.#set({ ...record, dueAt: this.clock.now() + retryAfterMs });
  }

  /** See {@link Ledger.beginSettle}. */
  beginSettle(key: ObjectKey, name: PlacedName & { kind: 'file' }, content: KnownBytes): number | undefined {
    const record = this.#names.get(nameId(name));
    if (!record) {
      const id = this.drawId();
      this.insertPending(id, key, name, content);
      this.#set({ ...(this.#names.get(nameId(name)) as NameRecord), status: 'settling' });
      return id;
    }
    if (record.status !== 'settling') return undefined;
    if (!isDeepStrictEqual(record.content, content)) {
      this.#condemnUnfinished(record);
      return undefined;
    }
    this.#set({ ...record, touchedAt: this.clock.now() });
    return record.id;
  }

  settling(intent: Intent): boolean {
    return this.#recorded([intent], 'settling').length === 1;
  }

  forgetSettling(intent: Intent): void {
    if (this.settling(intent)) this.#names.delete(nameId(intent));
  }

  condemnSettling(intent: Intent): void {
    for (const record of this.#recorded([intent], 'settling')) this.#condemnUnfinished(record);
  }

  /** See {@link Ledger.expediteName}. */
  expedite(name: PlacedName, restMs: number): boolean {
    const record = this.#names.get(nameId(name));
    if (record?.status !== 'condemned') return false;
    this.#set({ ...record, dueAt: Math.min(record.dueAt, record.condemnedAt + restMs) });
    return true;
  }

  /** See {@link Ledger.stillDue}. */
  stillDue(id: number): boolean {
    return this.#due(id) !== undefined;
  }

  /** See {@link MemoryLedger.checkpoint}. */
  checkpoint(idsReturn: boolean): () => void {
    const names = new Map(this.#names);
    const lastId = this.#lastId;
    return () => {
      this.#names.clear();
      for (const [id, record] of names) this.#names.set(id, record);
      if (idsReturn) this.#lastId = lastId;
    };
  }

  /** Becomes a copy of other names. See {@link MemoryLedger.copy}. */
  takeOver(other: MemoryNames): void {
    for (const [id, record] of other.#names) this.#names.set(id, record);
    this.#lastId = other.#lastId;
  }

  #due(id: number): NameRecord | undefined {
    const now = this.clock.now();
    return [...this.#names.values()].find((name) => name.id === id && name.status !== 'pending' && name.dueAt <= now);
  }

  #condemnUnfinished(record: NameRecord): void {
    const now = this.clock.now();
    this.#set({ ...record, status: 'condemned', condemnedAt: now, dueAt: now, unfinished: true });
  }

  #set(record: NameRecord): void {
    this.#names.set(nameId(record.name), record);
  }

  #pending(intents: readonly Intent[]): NameRecord[] {
    return this.#recorded(intents, 'pending');
  }

  #recorded(intents: readonly Intent[], status: 'pending' | 'settling'): NameRecord[] {
    return intents.flatMap((intent) => {
      const record = this.#names.get(nameId(intent));
      return record?.id === intent.id && record.key === intent.key && record.status === status ? [record] : [];
    });
  }
}

// This file is longer than others, because it has all methods of the ledger in their shortest form.
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock';
import { StorageError } from '../errors';
import type { ObjectKey } from '../keys';
import { plainPathOf, takenUp } from '../ledger/absence-steps';
import { rescued } from '../ledger/audit-steps';
import type { Ledger } from '../ledger/ledger';
import { isLeftToSettle, settled, toSettle } from '../ledger/settling-steps';
import { DEFAULT_POLICY, type BeginFile, type BeginObject, type BeginOptions, type Intent, type IntentOf, type LedgerPolicy, type Location, type LocationId, type Proof } from '../ledger/words';
import { isListed, type ListFilter } from '../ledger/listing';
import { MemoryInventories } from './inventories';
import { memoryAuditing } from './auditing';
import { MemoryNames } from './names';
import { adoptedBesideFile, missed, retried, sentFromNowOn, unburied } from '../ledger/migration-steps';
import { isOutside, relocated } from '../ledger/relocation-steps';
import { isIn, mayHaveOtherBytes, remoteOf, type DatedRow, type LedgerRow } from '../ledger/state';
import { type Tallies, groupOf, talliesOf } from '../ledger/tallies';
import * as step from '../ledger/transitions';

interface RowRecord {
  readonly row: LedgerRow;
  readonly changedAt: number;
  /** See {@link DatedRow}. It stays when the bytes go, so that later ones get a later time. */
  readonly contentAt: number | undefined;
  readonly retryAt: number;
  /** The holder of the claim; null when nobody has claimed the row, or when it has failed since. */
  readonly claimedBy: string | null;
  readonly purgeAt: number | null;
}

/** The reference ledger. It keeps everything in this process's memory, and takes time and randomness from the clock. For tests. */
export class MemoryLedger implements Ledger {
  readonly #rows = new Map<ObjectKey, RowRecord>();
  readonly #names: MemoryNames;
  readonly #locations: (Location & { id: number })[] = [];
  readonly #proofs = new Map<LocationId, Proof>();
  readonly inventories = new MemoryInventories();

  constructor(
    private readonly clock: Pick<Clock, 'now' | 'random'>,
    private readonly policy: LedgerPolicy = DEFAULT_POLICY,
  ) {
    this.#names = new MemoryNames(clock, policy);
  }

  readonly #auditing = memoryAuditing({
    rows: this.#rows,
    names: () => this.#names,
    now: () => this.clock.now(),
    store: (row, after) => this.#store(row, after),
  });
  rowsOf = this.#auditing.rowsOf;
  recordedNames = this.#auditing.recordedNames;
  liveFiles = this.#auditing.liveFiles;
  condemnedFiles = this.#auditing.condemnedFiles;
  page = this.#auditing.page;
  markSeen = this.#auditing.markSeen;
  demote = this.#auditing.demote;
  dropLocal = this.#auditing.dropLocal;
  markLost = this.#auditing.markLost;
  buryUnlisted = this.#auditing.buryUnlisted;
  condemnStray = this.#auditing.condemnStray;

  async find(key: ObjectKey): Promise<LedgerRow | undefined> {
    return this.#rows.get(key)?.row;
  }

  async findDated(key: ObjectKey): Promise<DatedRow | undefined> {
    const record = this.#rows.get(key);
    return record && { ...record.row, contentAt: record.contentAt };
  }

  async isEmpty(): Promise<boolean> {
    return this.#rows.size === 0;
  }

  async begin<R extends BeginObject | BeginFile>(request: R, options: BeginOptions = {}): Promise<IntentOf<R['kind']>> {
    const { key } = request;
    const row = this.#rowOf(key, options.found);
    const id = this.#names.drawId();
    const plain = step.plainNameFor(row, request);
    const plainGiven = plain !== undefined && !this.#names.isRecorded(plain);
    const name = plainGiven ? plain : step.ownNameFor(request, id, step.nonce(() => this.clock.random()));
    if (plainGiven && name.kind === 'object') this.#store(step.spendPlain(row));
    this.#names.insertPending(id, key, name, (plainGiven && request.content) || null);
    // the name has the kind that was requested
    return { id, key, ticket: options.ticket ?? step.ticketFor(row, id), ...name } as IntentOf<R['kind']>;
  }

  async touch(intents: readonly Intent[]): Promise<void> {
    this.#names.touch(intents);
  }

  publish: Ledger['publish'] = async (writes, options) => {
    const intents = writes.map((write) => write.intent);
    // guard: publishes-pending-names-only
    if (this.#names.pending(intents) < intents.length) {
      throw new StorageError('INTENT_LOST', { operation: 'publish', subject: intents[0]?.key, refused: true });
    }
    const rule = { ...options, graceMs: this.policy.supersededGraceMs };
    const outcomes = writes.map((write) => {
      const result = step.published(this.#rowOf(write.intent.key), write, rule);
      if (result.outcome === 'superseded') {
        this.#names.condemnPending([write.intent]);
      } else {
        this.#names.forget([write.intent]);
        this.#apply(result);
      }
      return result.outcome;
    });
    const written = new Set(intents.map((intent) => intent.key));
    for (const key of options.tombstones ?? []) {
      if (!written.has(key) && this.#rows.has(key)) await this.bury(key, { purgeAfterMs: this.policy.supersededGraceMs });
    }
    return outcomes;
  };

  async abandon(intents: readonly Intent[]): Promise<void> {
    this.#names.condemnPending(intents);
  }

  async forget(intent: Intent): Promise<void> {
    this.#names.forget([intent]);
  }

  bury: Ledger['bury'] = async (key, { purgeAfterMs, found }) => {
    const row = this.#rowOf(key, found);
    this.#store(step.buried(row, step.ticketFor(row, this.#names.drawId())), { purgeAfterMs });
  };

  async expedite(keys: readonly ObjectKey[]): Promise<void> {
    const now = this.clock.now();
    for (const key of keys) {
      const record = this.#rows.get(key);
      if (!record || record.purgeAt === null) continue;
      this.#rows.set(key, { ...record, purgeAt: Math.min(record.purgeAt, now) });
    }
  }

  async duePurges(limit: number): Promise<LedgerRow[]> {
    const dueAt = ({ purgeAt }: RowRecord) => purgeAt ?? Infinity;
    return [...this.#rows.values()]
      .filter((record) => dueAt(record) <= this.clock.now())
      .sort((a, b) => dueAt(a) - dueAt(b))
      .slice(0, limit)
      .map(({ row }) => row);
  }

  purge: Ledger['purge'] = async (read, options) => {
    const row = this.#rows.get(read.key)?.row;
    const change = row && step.purged(row, read.rev, options);
    if (change) this.#apply(change);
    return change !== undefined;
  };

  adopt: Ledger['adopt'] = async (key, remote, content) => {
    const row = this.#rows.get(key)?.row ?? step.firstRow(key, undefined);
    const next = step.adopted(row, remote, content);
    if (next) this.#store(next);
    return next !== undefined || isDeepStrictEqual(remoteOf(row), remote);
  };

  record: Ledger['record'] = async (files) =>
    files.filter(({ key, local, size }) => this.#rows.get(key)?.row !== this.#rowOf(key, { ...local, size })).length;

  claim: Ledger['claim'] = async (request, forMs, by = '') => {
    const now = this.clock.now();
    const claimed = [...this.#rows.values()]
      .filter(({ row, retryAt }) => retryAt <= now && step.awaits(row, request))
      .sort((a, b) => a.retryAt - b.retryAt || a.changedAt - b.changedAt)
      .slice(0, request.limit);
    for (const record of claimed) this.#rows.set(record.row.key, { ...record, retryAt: now + forMs, claimedBy: by });
    return claimed.map(({ row }) => row);
  };

  release: Ledger['release'] = async (claimed) => {
    for (const { key, rev, attempts } of claimed) {
      const record = this.#rows.get(key);
      if (record?.row.rev === rev && record.row.attempts === attempts) this.#rows.set(key, { ...record, retryAt: 0 });
    }
  };

  renewClaims: Ledger['renewClaims'] = async (claimed, forMs, by) => {
    const now = this.clock.now();
    for (const { key, rev, attempts } of claimed) {
      const record = this.#rows.get(key);
      const isHeld = record?.row.rev === rev && record.row.attempts === attempts && record.claimedBy === by && record.retryAt > now;
      if (isHeld) this.#rows.set(key, { ...record, retryAt: now + forMs });
    }
  };

  releaseClaimsOf: Ledger['releaseClaimsOf'] = async (holder, volume) => {
    const now = this.clock.now();
    const held = [...this.#rows.values()].filter(({ row, retryAt, claimedBy }) => {
      const here = isIn(row, 'remote') || (isIn(row, 'local', 'both') && row.placement.local.volume === volume);
      return here && row.tombstone === null && claimedBy === holder && retryAt > now;
    });
    for (const record of held) this.#rows.set(record.row.key, { ...record, retryAt: 0 });
    return held.length;
  };

  beginUploads: Ledger['beginUploads'] = (uploads) =>
    Promise.all(
      uploads.map(async ({ row: { key, rev }, ...place }) =>
        this.#rows.get(key)?.row.rev === rev ? this.begin({ kind: 'object', key, ...place }) : undefined,
      ),
    );

  commitUploads: Ledger['commitUploads'] = async (uploads) => {
    for (const { row, intent } of uploads) step.sameKey(row, intent);
    return uploads.map(({ row: read, intent, etag, md5 }) => {
      const row = this.#rows.get(read.key)?.row;
      const pending = this.#names.pending([intent]) === 1;
      const remote = { locationId: intent.locationId, object: intent.name, etag };
      return this.#commit(intent, pending && row && step.uploaded(row, read.rev, remote, md5));
    });
  };

  commitCleanups: Ledger['commitCleanups'] = async (reads, { graceMs }) =>
    reads.map((read) => {
      const row = this.#rows.get(read.key)?.row;
      const change = row && step.cleaned(row, read.rev, graceMs);
      if (change) this.#apply(change);
      return change !== undefined;
    });

  beginRestores: Ledger['beginRestores'] = (restores) =>
    Promise.all(
      restores.map(async ({ row: { key, rev, placement }, volume }) =>
        this.#rows.get(key)?.row.rev === rev ? this.begin({ kind: 'file', key, volume, plainFree: false, content: placement.content }) : undefined,
      ),
    );

  commitRestores: Ledger['commitRestores'] = async (restores) => {
    for (const { row, intent } of restores) step.sameKey(row, intent);
    return restores.map(({ row: read, intent }) => {
      const row = this.#rows.get(read.key)?.row;
      const pending = this.#names.pending([intent]) === 1;
      const next = pending && row && step.restored(row, read.rev, { volume: intent.volume, localName: intent.name });
      return this.#commit(intent, next);
    });
  };

  commitRescue: Ledger['commitRescue'] = async (read, intent) => {
    step.sameKey(read, intent);
    const row = this.#rows.get(read.key)?.row;
    const pending = this.#names.pending([intent]) === 1;
    const next = pending && row && rescued(row, read.rev, { volume: intent.volume, localName: intent.name });
    return this.#commit(intent, next);
  };

  commitRelocation: Ledger['commitRelocation'] = async (read, intent, { etag, forgetFormer }) => {
    step.sameKey(read, intent);
    const row = this.#rows.get(read.key)?.row;
    const pending = this.#names.pending([intent]) === 1;
    const remote = { locationId: intent.locationId, object: intent.name, etag };
    const change = pending && row ? relocated(row, read.rev, remote, forgetFormer ? null : this.policy.supersededGraceMs) : undefined;
    if (change) this.#names.condemn(change.row.key, change.condemned);
    return this.#commit(intent, change?.row);
  };

  agedRows: Ledger['agedRows'] = async (keys) => {
    const now = this.clock.now();
    return [...new Set(keys)].flatMap((key) => this.#rows.get(key) ?? []).map(({ row, changedAt }) => ({ row, unchangedMs: now - changedAt }));
  };

  takeUp: Ledger['takeUp'] = async (read, file, options) => {
    const row = this.#rows.get(read.key)?.row;
    const path = plainPathOf(read, file.volume);
    const rule = { ...options, graceMs: this.policy.supersededGraceMs, pending: this.#names.isPending(path) };
    const change = row && takenUp(row, read.rev, file, rule);
    if (!change) return false;
    this.#names.drop(path);
    this.#apply(change);
    return true;
  };

  dueToSettle: Ledger['dueToSettle'] = async (volume, after, limit) => {
    const now = this.clock.now();
    const keys = [...this.#rows.keys()];
    const rest = keys.slice(after === null ? 0 : keys.indexOf(after) + 1).flatMap((key) => this.#rows.get(key) ?? []);
    return rest.filter(({ row, retryAt }) => retryAt <= now && isLeftToSettle(row, volume)).map(({ row }) => row).slice(0, limit);
  };

  leftToSettle: Ledger['leftToSettle'] = async (volume) =>
    [...this.#rows.values()].filter(({ row }) => isLeftToSettle(row, volume)).sort((a, b) => a.retryAt - b.retryAt)[0]?.row;

  copiesElsewhere: Ledger['copiesElsewhere'] = async (volume) =>
    [...this.#rows.values()].some(({ row }) => row.tombstone === null && isIn(row, 'both') && row.placement.local.volume !== volume);

  beginSettle: Ledger['beginSettle'] = async (read) => {
    const row = this.#rows.get(read.key)?.row;
    const wanted = row && toSettle(row, read.rev);
    const id = wanted && this.#names.beginSettle(row.key, wanted.name, wanted.content);
    return wanted && id !== undefined ? { id, key: row.key, ticket: row.ticket, ...wanted.name } : undefined;
  };

  commitSettle: Ledger['commitSettle'] = async (read, intent) => {
    step.sameKey(read, intent);
    const row = this.#rows.get(read.key)?.row;
    const change = row && this.#names.settling(intent) ? settled(row, read.rev, intent, this.policy.supersededGraceMs) : undefined;
    if (change) {
      this.#names.forgetSettling(intent);
      this.#apply(change);
    } else {
      this.#names.condemnSettling(intent);
    }
    return change !== undefined;
  };

  forgetSettle: Ledger['forgetSettle'] = async (intent) => this.#names.forgetSettling(intent);
  expediteName: Ledger['expediteName'] = async (name, restMs) => this.#names.expedite(name, restMs);
  stillDue: Ledger['stillDue'] = async (id) => this.#names.stillDue(id);

  recordFailure: Ledger['recordFailure'] = async (read, code, retryAfterMs) => {
    const row = this.#rows.get(read.key)?.row;
    const next = row && step.failed(row, read.rev, code);
    if (next) this.#store(next, { retryAfterMs });
  };

  scan: Ledger['scan'] = async (work, after, limit) => {
    const keys = [...this.#rows.keys()];
    const rows = keys.slice(after === null ? 0 : keys.indexOf(after) + 1).flatMap((key) => this.#rows.get(key)?.row ?? []);
    return rows.filter((row) => step.awaits(row, work)).slice(0, limit);
  };

  pendingWork: Ledger['pendingWork'] = async (work) =>
    [...this.#rows.values()].some(({ row, retryAt }) => retryAt < Infinity && step.awaits(row, work));

  recordMissing: Ledger['recordMissing'] = async (keys, code) => this.#change(keys, (row) => missed(row, code), { retryAfterMs: 0 });

  commitAdoption: Ledger['commitAdoption'] = async (read, remote, md5) => {
    const row = this.#rows.get(read.key)?.row;
    const next = row && adoptedBesideFile(row, read.rev, remote, md5);
    if (next) this.#store(next);
    return next !== undefined;
  };

  retry: Ledger['retry'] = async (keys) => {
    const again = (row: LedgerRow) => {
      const next = retried(row);
      if (next?.placement.state === 'new') this.inventories.restart();
      return next;
    };
    return this.#change(this.#known(keys), again, { retryAfterMs: 0 });
  };

  unbury: Ledger['unbury'] = async (keys) => this.#change(this.#known(keys), unburied);

  sendKept: Ledger['sendKept'] = async () => this.#change(this.#known('all'), sentFromNowOn, { retryAfterMs: 0 });

  async proofOf(location: LocationId): Promise<Proof | null> {
    return this.#proofs.get(location) ?? null;
  }

  async noteProof(location: LocationId, proof: Proof): Promise<void> {
    this.#proofs.set(location, proof);
  }

  async condemnAbandoned(): Promise<number> {
    return this.#names.condemnAbandoned();
  }

  dueNames: Ledger['dueNames'] = async (where, limit) => this.#names.due(where, limit);

  async swept(ids: readonly number[]): Promise<void> {
    for (const id of ids) this.#names.swept(id);
  }

  async postpone(id: number, retryAfterMs: number): Promise<void> {
    this.#names.postpone(id, retryAfterMs);
  }

  async tallies(): Promise<Tallies> {
    return talliesOf([...this.#rows.values()].flatMap(({ row }) => groupOf(row) ?? []));
  }

  // this ledger counts its tallies anew each time, so there is nothing to fold
  foldTallies = async (): Promise<void> => undefined;
  recount = async (): Promise<boolean> => true;

  list: Ledger['list'] = async (filter, { offset, limit }) => this.#listed(filter).slice(offset, offset + limit);

  onlyAt: Ledger['onlyAt'] = async () => byLocation(this.#listed({ state: 'remote' }));

  outside: Ledger['outside'] = async (place) => byLocation([...this.#rows.values()].map(({ row }) => row).filter((row) => isOutside(row, place)));

  isInUse: Ledger['isInUse'] = async (location) => this.#listed({ at: location }).length > 0 || this.#names.areAt(location);

  count: Ledger['count'] = async (filter) => this.#listed(filter).length;

  async locationId({ endpoint, region, bucket }: Location): Promise<number> {
    const known = this.#locations.find((at) => at.endpoint === endpoint && at.region === region && at.bucket === bucket);
    return known?.id ?? this.#locations.push({ id: this.#locations.length + 1, endpoint, region, bucket });
  }

  async locations(): Promise<readonly (Location & { id: number })[]> {
    return [...this.#locations];
  }

  /**
   * Returns a function that undoes all changes from now on, as the rollback of a transaction does.
   * @param idsReturn whether ids are drawn again after a rollback, as on SQLite; on PostgreSQL they are not
   */
  checkpoint(idsReturn: boolean): () => void {
    const rows = new Map(this.#rows);
    const restoreNames = this.#names.checkpoint(idsReturn);
    return () => {
      this.#rows.clear();
      for (const [key, record] of rows) this.#rows.set(key, record);
      restoreNames();
    };
  }

  /** Returns a ledger with the same contents, as a copy of the database has them. */
  copy(): MemoryLedger {
    const copy = new MemoryLedger(this.clock, this.policy);
    for (const [key, record] of this.#rows) copy.#rows.set(key, record);
    copy.#names.takeOver(this.#names);
    copy.#locations.push(...this.#locations);
    for (const [location, proof] of this.#proofs) copy.#proofs.set(location, proof);
    return copy;
  }

  /** Returns the rows that pass the filter, in the order of their first write, which never changes. */
  #listed(filter: ListFilter): LedgerRow[] {
    return [...this.#rows.values()].map(({ row }) => row).filter((row) => isListed(row, filter));
  }

  #known(keys: readonly ObjectKey[] | 'all'): ObjectKey[] {
    return keys === 'all' ? [...this.#rows.keys()] : [...new Set(keys)].filter((key) => this.#rows.has(key));
  }

  /** Applies a change to the rows of the keys. @returns how many rows it applies to */
  #change(keys: readonly ObjectKey[], changed: (row: LedgerRow) => LedgerRow | undefined, after?: { retryAfterMs: number }): number {
    const next = keys.flatMap((key) => changed(this.#rows.get(key)?.row ?? step.firstRow(key, undefined)) ?? []);
    for (const row of next) this.#store(row, after);
    return next.length;
  }

  #rowOf(key: ObjectKey, found?: BeginOptions['found']): LedgerRow {
    const known = this.#rows.get(key)?.row;
    const recorded = found !== undefined && this.#names.isRecorded({ kind: 'file', name: found.localName, volume: found.volume });
    const row = step.noticed(known ?? step.firstRow(key, undefined), found, recorded);
    if (row !== known) this.#store(row);
    return row;
  }

  #store(row: LedgerRow, after: { purgeAfterMs?: number; retryAfterMs?: number | null } = {}): void {
    const now = this.clock.now();
    const before = this.#rows.get(row.key);
    const moved = before?.row.rev !== row.rev || after.retryAfterMs !== undefined;
    const purgeAt = after.purgeAfterMs === undefined ? (before?.purgeAt ?? null) : now + after.purgeAfterMs;
    const retryAt = after.retryAfterMs === undefined ? (before?.retryAt ?? 0) : now + (after.retryAfterMs ?? Infinity);
    this.#rows.set(row.key, {
      row,
      changedAt: before?.row.rev === row.rev ? before.changedAt : now,
      contentAt: mayHaveOtherBytes(before?.row, row) ? Math.max(now, (before?.contentAt ?? -Infinity) + 1000) : before?.contentAt,
      // a change that leaves `rev` as it is keeps the claim, because its holder is still at work
      retryAt: row.attempts === 0 && moved ? 0 : retryAt,
      claimedBy: after.retryAfterMs === undefined ? (before?.claimedBy ?? null) : null,
      purgeAt: step.awaitsPurge(row) ? purgeAt : null,
    });
  }

  /** Stores the row of an intent, or condemns the intent's name if there is none. */
  #commit(intent: Intent, next: LedgerRow | false | undefined): boolean {
    if (!next) {
      this.#names.condemnPending([intent]);
      return false;
    }
    this.#names.forget([intent]);
    this.#store(next);
    return true;
  }

  #apply({ row, condemned }: step.Change): void {
    this.#store(row);
    // guard: superseded-is-condemned
    this.#names.condemn(row.key, condemned);
  }
}

function byLocation(rows: readonly LedgerRow[]): { location: LocationId; count: number; bytes: number }[] {
  const groups = new Map<LocationId, { location: LocationId; count: number; bytes: number }>();
  for (const row of rows) {
    const location = remoteOf(row)?.locationId;
    if (location === undefined) continue;
    const { count = 0, bytes = 0 } = groups.get(location) ?? {};
    groups.set(location, { location, count: count + 1, bytes: bytes + ('content' in row.placement ? row.placement.content.size : 0) });
  }
  return [...groups.values()];
}

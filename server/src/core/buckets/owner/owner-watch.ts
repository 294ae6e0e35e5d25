// This file is longer than others, so that a reader finds in one place when this database becomes, stays, or is no longer the owner.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../../clock';
import { codeOf, described, isNoAnswer, isStorageError, StorageError } from '../../errors';
import type { Logger } from '../../log';
import { refusesOverwriting } from '../../store/overwriting';
import { HeldBody } from '../../store/held-body';
import type { ObjectStore } from '../../store/object-store';
import { isOtherDatabase, type DatabaseIdentity } from './database-identity';
import { judge, type Judgement } from './judge';
import { readMarker, writeMarker, type Marker, type Seen } from './marker';
import type { Area, OwnerBook, OwnerRecord } from './owner-book';
import { NOT_LOOKED_YET, OWN, type AreaId, type Ownership, type Ownerships } from '../../ownership';

/** Pause between two signs of life of an owner, in milliseconds. A bucket that keeps versions keeps each of them. */
export const SIGN_OF_LIFE_MS = 5 * 60_000;
/** Pause between two looks at the marker, in milliseconds; the second one while nobody knows the owner. */
export const LOOK_MS = 60_000;
export const LOOK_AGAIN_MS = 5_000;
/** Number of times that a look begins anew because this database moved on meanwhile. */
const TRIES = 4;

export interface OwnerWatchDeps {
  readonly book: OwnerBook;
  /** Asks the database for its identity; null if it does not tell one. */
  identify(): Promise<DatabaseIdentity | null>;
  /** Whether this instance may change the bucket, if this database owns it. Where it may not, a look writes nothing. */
  mayWrite(): boolean;
  /** The value of `S3_STORAGE_CLAIM`: the owner whom this database may replace without a person; null for nobody. */
  readonly claimsFrom: string | null;
  readonly clock: Pick<Clock, 'now' | 'elapsed'>;
  readonly log: Logger;
  /** Called before this database becomes the owner by a claim. It may be called again. */
  beforeClaim(): Promise<unknown>;
  /** Called after the ownership of an area has changed. */
  onChange(area: AreaId, ownership: Ownership): void;
}

/** An area, with a store that leads to it. The store must not repeat a `put`. */
export interface Reachable {
  readonly area: Area;
  readonly store: Pick<ObjectStore, 'get' | 'put' | 'delete'>;
  /** Whether the bucket still has one of the objects that the ledger knows there, or the ledger knows none. */
  isRightBucket(): Promise<boolean>;
}

/** The last look at an area. */
interface Look {
  readonly ownership: Ownership;
  /** When the bucket last answered, by `elapsed`; -Infinity before its first answer. */
  readonly at: number;
  readonly seen: Seen | undefined;
  /** When this process became the owner, and when it first saw the present token, by `elapsed`. -Infinity makes a sign of life due at once. */
  readonly ownSince: number;
  readonly tokenSince: number;
}

const FIRST: Look = { ownership: NOT_LOOKED_YET, at: -Infinity, seen: undefined, ownSince: Infinity, tokenSince: Infinity };

/** The facts that a person sees of an owner before a claim. */
export interface OwnerFacts {
  readonly owner: string | null;
  readonly server: string | null;
  readonly writtenAt: string | null;
}

/**
 * Compares the marker in the bucket with the record in the database, and says whether this database is the owner. See `docs/design.md`,
 * “Ownership”. Every process looks; a process that serves also gives the signs of life. Of two processes of one database, either may do so.
 */
export class OwnerWatch implements Ownerships {
  readonly #looks = new Map<AreaId, Look>();
  readonly #underWay = new Map<AreaId, Promise<Ownership>>();
  /** The last epoch that this process began at each area. */
  readonly #moves = new Map<AreaId, { readonly from: string; readonly to: string }>();
  #toldNoIdentity = false;

  constructor(private readonly deps: OwnerWatchDeps) {}

  of(area: AreaId): Ownership {
    return this.#lookOf(area).ownership;
  }

  /** Returns the facts about the owner that the last look has seen. */
  ownerOf(area: AreaId): OwnerFacts {
    const { seen } = this.#lookOf(area);
    if (seen?.kind !== 'marker') return { owner: null, server: null, writtenAt: null };
    const { owner, server, writtenAt } = seen.marker;
    return { owner, server, writtenAt };
  }

  /**
   * Returns what a look at an area would find, and changes nothing: a person asks before this database has anything to do with the area.
   * @throws StorageError MARKER_UNREADABLE, or the reason why S3 gives no answer
   */
  async foresee({ area, store }: { readonly area: Area; readonly store: Pick<ObjectStore, 'get'> }): Promise<Ownership> {
    let record = await this.deps.book.find(area.id);
    for (let tries = 1; ; tries++) {
      const seen = await readMarker(store, area.prefix);
      const before = record;
      record = await this.deps.book.find(area.id);
      // another process of this database may have moved on between the two looks
      if (before?.token !== record?.token && tries < TRIES) continue;
      if (seen.kind === 'garbage') throw this.#unreadable(area, seen.detail);
      if (seen.kind === 'denied') throw this.#unreadable(area, 'S3 does not let this key read it');
      const identity = await this.#identify();
      const judgement = this.#judged(seen, record, identity);
      const isClaimed = seen.kind === 'marker' && seen.marker.owner === this.deps.claimsFrom;
      if (judgement.kind !== 'other' || isClaimed || (await this.#byAnotherName(seen, identity))) return OWN;
      return { state: 'foreign', code: judgement.code };
    }
  }

  /** Looks at the marker now. Callers at the same time share one look. Never rejects: without an answer, an owner stays the owner. */
  look(target: Reachable): Promise<Ownership> {
    const { id } = target.area;
    const known = this.#underWay.get(id);
    if (known) return known;
    const look = this.#look(target).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, look);
    return look;
  }

  /** Whether a look of the last `maxAgeMs` milliseconds says that this database is the owner. It looks again where the last one is older. */
  async confirm(target: Reachable, maxAgeMs: number): Promise<boolean> {
    const isFresh = () => this.deps.clock.elapsed() - this.#lookOf(target.area.id).at <= maxAgeMs;
    if (!isFresh()) await this.look(target);
    // guard: removals-need-a-fresh-look
    return isFresh() && this.of(target.area.id).state === 'own';
  }

  /** Looks at the marker and, as the owner, gives a sign of life where none was given lately, or `atOnce`. Never rejects. */
  async serve(target: Reachable, atOnce = false): Promise<void> {
    const before = this.#lookOf(target.area.id);
    await this.look(target);
    const { clock, log } = this.deps;
    const look = this.#lookOf(target.area.id);
    // without an answer somebody may have claimed the bucket meanwhile, and a store that ignores conditions would take the sign
    // guard: sign-of-life-needs-an-answer
    if (look === before) return;
    // guard: no-sign-of-life-from-a-reader
    if (look.ownership.state !== 'own' || !this.deps.mayWrite() || (!atOnce && clock.elapsed() - look.tokenSince < SIGN_OF_LIFE_MS)) return;
    try {
      await this.#moveOn(target, look);
    } catch (error) {
      log.debug(`The owner's sign of life in the bucket could not be written: ${codeOf(error)}`);
    }
  }

  /**
   * Makes this database the owner. Whoever was the owner notices it within a minute, and changes nothing in the bucket from then on.
   * @param from the owner in the marker that the person has seen; null where none could be read
   * @throws StorageError CLAIM_OUTDATED if the marker has changed since; the reason why S3 did not take it
   */
  async claim(target: Reachable, from: string | null): Promise<void> {
    const { area } = target;
    const seen = await readMarker(target.store, area.prefix);
    const before = await this.deps.book.find(area.id);
    const outdated = () => new StorageError('CLAIM_OUTDATED', { operation: 'claim', refused: true });
    // guard: claim-names-the-owner
    if ((seen.kind === 'marker' ? seen.marker.owner : null) !== from) throw outdated();
    const epoch = Math.max(before?.epoch ?? 0, seen.kind === 'marker' ? seen.marker.epoch : 0) + 1;
    await this.deps.beforeClaim();
    const record = await this.#newRecord(epoch);
    if (!(before ? await this.deps.book.replace(area.id, before.token, record) : await this.deps.book.create(area, record))) throw outdated();
    const undo = () => (before ? this.deps.book.replace(area.id, record.token, before) : this.deps.book.remove(area.id, record.token));
    if (!(await this.#writeOrUndo(target, record, seen, undo))) throw outdated();
    await this.look(target);
    if (this.of(area.id).state !== 'own') throw outdated();
    this.deps.log.info(`This database now owns the area "${area.prefix}" in bucket "${area.bucket}"`);
  }

  async #look(target: Reachable): Promise<Ownership> {
    const { id } = target.area;
    const before = this.#lookOf(id);
    let after: Look;
    try {
      after = await this.#find(target, before);
    } catch (error) {
      after = this.#withoutAnswer(before, error);
    }
    this.#looks.set(id, after);
    const { ownership } = after;
    if (nameOf(ownership) !== nameOf(before.ownership)) this.deps.onChange(id, ownership);
    return ownership;
  }

  #withoutAnswer(before: Look, error: unknown): Look {
    const { log } = this.deps;
    if (!isStorageError(error)) log.debug(`The owner of the bucket could not be looked up: ${described(error)}`);
    else log.debug(`The marker of the bucket's owner could not be read: ${error.message}`);
    // a person who claims the bucket then names no owner: the last one that was seen there is not there any more
    if (isStorageError(error, 'MARKER_UNREADABLE')) return { ...before, seen: undefined, ownership: { state: 'unknown', code: 'MARKER_UNREADABLE' } };
    // S3 is away, and the breaker deals with it; or the database is
    if (before.ownership.state === 'own' && (!isStorageError(error) || isNoAnswer(error))) return before;
    return before.ownership.state === 'foreign' ? before : { ...before, ownership: { state: 'unknown', code: 'OWNER_UNKNOWN', cause: codeOf(error) } };
  }

  async #find(target: Reachable, last: Look): Promise<Look> {
    const { area, store } = target;
    const { book } = this.deps;
    for (let tries = 1; ; tries++) {
      const before = await book.find(area.id);
      const seen = await readMarker(store, area.prefix);
      const record = await book.find(area.id);
      // another process of this database may have moved on between the two looks
      if (before?.token !== record?.token && tries < TRIES) continue;
      const identity = await this.#identify();
      if (seen.kind === 'garbage') throw this.#unreadable(area, seen.detail);
      // a process that has been the owner all along sees its own database change: an upgrade, a table that was built anew, a failover
      const hasChanged = last.ownership.state === 'own' && record !== undefined && knows(record, last.seen) && isOtherDatabase(record.identity, identity);
      const judgement = this.#judged(seen, record, hasChanged ? null : identity);
      if (judgement.kind === 'other' && tries < TRIES && (await this.#ownsByAnotherName(area, record, seen, identity))) continue;
      await this.#remember(area, judgement, seen, record);
      if (judgement.kind === 'own') return { ...this.#looked(last, OWN, seen), ...(hasChanged && { tokenSince: -Infinity }) };
      // guard: only-an-instance-with-rights-takes-an-area
      if (!this.deps.mayWrite()) return this.#looked(last, withoutRights(judgement), seen);
      if (judgement.kind === 'other' && !(await this.#regains(target, last, judgement, seen, record))) {
        return this.#looked(last, { state: 'foreign', code: judgement.code }, seen);
      }
      if (judgement.kind === 'unmarked' && !(await this.#marksAgain(target, seen, record))) {
        return this.#looked(last, { state: 'unknown', code: 'MARKER_MISSING' }, seen);
      }
      if (judgement.kind === 'free') await this.#take(target, seen);
      if (tries >= TRIES) throw new StorageError('OWNER_UNKNOWN', { operation: 'own', subject: area.bucket });
    }
  }

  #judged(seen: Seen, record: OwnerRecord | undefined, identity: DatabaseIdentity | null): Judgement {
    return judge(seen.kind === 'marker' ? seen.marker : undefined, record, identity);
  }

  /** Returns the record of the area under another name of its server, such as another spelling of the endpoint, with which the marker is in step. */
  async #byAnotherName(seen: Seen, identity: DatabaseIdentity | null): Promise<OwnerRecord | undefined> {
    if (seen.kind !== 'marker') return undefined;
    return (await this.deps.book.ofOwner(seen.marker.owner)).find((record) => judge(seen.marker, record, identity).kind === 'own');
  }

  /** Whether this database owns the area by another name. The record of this name then becomes the same one. */
  async #ownsByAnotherName(area: Area, record: OwnerRecord | undefined, seen: Seen, identity: DatabaseIdentity | null): Promise<boolean> {
    // guard: another-name-of-the-own-area
    const same = await this.#byAnotherName(seen, identity);
    if (!same) return false;
    return record ? this.deps.book.replace(area.id, record.token, same) : this.deps.book.create(area, same);
  }

  /**
   * Remembers another owner, and forgets it when this database is in step again. Otherwise whoever looks first after the marker was lost, such
   * as a former owner, would take the area of the present one.
   */
  async #remember(area: Area, { kind }: Judgement, seen: Seen, record: OwnerRecord | undefined): Promise<void> {
    const { book } = this.deps;
    const supersededBy = kind === 'other' && seen.kind === 'marker' ? seen.marker.owner : null;
    if ((kind !== 'other' && kind !== 'own') || seen.kind !== 'marker' || (record?.supersededBy ?? null) === supersededBy) return;
    if (record) await book.replace(area.id, record.token, { ...record, supersededBy });
    else await book.create(area, { ...(await this.#newRecord(0)), supersededBy });
  }

  /** Becomes the owner of an area that has none. */
  async #take(target: Reachable, seen: Seen): Promise<void> {
    const { area } = target;
    if (seen.kind === 'denied') await this.#requireCondition(target);
    const record = await this.#newRecord(1);
    // another process of this database may do the same now
    if (!(await this.deps.book.create(area, record))) return;
    if (await this.#writeOrUndo(target, record, seen, () => this.deps.book.remove(area.id, record.token))) return;
    if (seen.kind === 'denied') throw this.#unreadable(area, 'S3 has one and does not let this key read it');
  }

  /** Writes the marker of a new record. Where it surely was not written, the record goes as well: it would speak of another owner's area. */
  async #writeOrUndo(target: Reachable, record: OwnerRecord, seen: Seen, undo: () => Promise<unknown>): Promise<boolean> {
    let mayBeThere = false;
    try {
      mayBeThere = await this.#write(target, record, seen, 0);
      return mayBeThere;
    } catch (error) {
      // guard: unknown-outcome-keeps-the-record
      mayBeThere = !(isStorageError(error) && error.refused);
      throw error;
    } finally {
      if (!mayBeThere) await undo();
    }
  }

  /**
   * A key without the right to list gets the same answer for a missing marker as for one that it may not read. Only a store that surely
   * refuses to overwrite tells the two apart.
   */
  async #requireCondition({ area, store }: Reachable): Promise<void> {
    const trial = HeldBody.of(Buffer.from('trial'));
    if (await refusesOverwriting(store, `${area.prefix}.s3-storage-probe-${randomUUID()}`, trial)) return;
    throw this.#unreadable(area, 'S3 does not let this key see whether there is one; grant s3:GetObject and s3:ListBucket');
  }

  /** Writes a lost marker again, if the bucket is the right one. Returns false if nothing proves that. */
  async #marksAgain(target: Reachable, seen: Seen, record: OwnerRecord | undefined): Promise<boolean> {
    if (seen.kind === 'denied') throw this.#unreadable(target.area, 'S3 does not let this key read it');
    // guard: lost-marker-only-in-the-right-bucket
    if (!record || !(await target.isRightBucket())) return false;
    this.deps.log.warn(`The marker of the owner in bucket "${target.area.bucket}" was gone, and is written again`);
    await this.#write(target, record, seen, 0);
    return true;
  }

  /**
   * Takes an area back, if this process may: `S3_STORAGE_CLAIM` lets it replace this owner; or a copy that shares even the identity of this
   * database (a copied virtual machine) took the area while this process was its owner for longer; or the database has lost nothing but the
   * last epoch, which this process itself began (a failover).
   */
  async #regains(target: Reachable, last: Look, { code }: Judgement & { kind: 'other' }, seen: Seen, record: OwnerRecord | undefined): Promise<boolean> {
    const { claimsFrom, clock, book, log } = this.deps;
    if (seen.kind !== 'marker') return false;
    const { marker } = seen;
    // guard: claim-in-the-environment-names-the-owner
    if (claimsFrom !== null && claimsFrom === marker.owner) {
      log.warn(`S3_STORAGE_CLAIM names the owner of bucket "${target.area.bucket}", so this database becomes the owner`);
      await this.deps.beforeClaim();
      const replacement = await this.#newRecord(Math.max(marker.epoch, record?.epoch ?? 0) + 1);
      const replaced = record ? await book.replace(target.area.id, record.token, replacement) : await book.create(target.area, replacement);
      return replaced && this.#write(target, replacement, seen, 0);
    }
    if (!record || code === 'BUCKET_OWNED' || last.ownership.state !== 'own') return false;
    const move = this.#moves.get(target.area.id);
    const hasLostTheMove = move?.to === marker.token && move.from === record.token;
    // the marker was written after the last look, so that its writer had been the owner for less time than this process, or for more
    const isElder = last.at - last.ownSince > marker.heldMs && knows(record, last.seen);
    // guard: the-elder-keeps-the-bucket
    if (!hasLostTheMove && !isElder) return false;
    if (!hasLostTheMove) log.warn(`A copy of this database has taken bucket "${target.area.bucket}": server "${marker.server}". This one takes it back`);
    return this.#next(target, record, Math.max(marker.epoch, record.epoch) + 1, seen, clock.elapsed() - last.ownSince);
  }

  /** Gives a sign of life: a new epoch, first in the database and then in the marker. */
  async #moveOn(target: Reachable, look: Look): Promise<void> {
    const record = await this.deps.book.find(target.area.id);
    if (!record || look.seen === undefined) return;
    const heldMs = this.deps.clock.elapsed() - look.ownSince;
    // a token that never reached the marker is sent first, because the record remembers only one that did
    const isOnItsWay = record.token !== record.inMarker;
    if (isOnItsWay ? await this.#write(target, record, look.seen, heldMs) : await this.#next(target, record, record.epoch + 1, look.seen, heldMs)) {
      await this.look(target);
    }
  }

  async #next(target: Reachable, record: OwnerRecord, epoch: number, seen: Seen, heldMs: number): Promise<boolean> {
    const next = { ...record, epoch, token: randomUUID(), identity: await this.#identify(), supersededBy: null };
    // guard: epoch-moves-in-the-database-first
    if (!(await this.deps.book.replace(target.area.id, record.token, next))) return false;
    this.#moves.set(target.area.id, { from: record.token, to: next.token });
    return this.#write(target, next, seen, heldMs);
  }

  async #write({ area, store }: Reachable, record: OwnerRecord, seen: Seen, heldMs: number): Promise<boolean> {
    const { owner, epoch, token, identity } = record;
    const marker: Marker = { owner, epoch, token, heldMs: Math.max(0, Math.round(heldMs)), database: identity, server: hostname(), writtenAt: new Date(this.deps.clock.now()).toISOString() };
    if (!(await writeMarker(store, area.prefix, marker, seen))) return false;
    await this.deps.book.replace(area.id, token, { ...record, inMarker: token });
    return true;
  }

  async #newRecord(epoch: number): Promise<OwnerRecord> {
    return { owner: randomUUID(), epoch, token: randomUUID(), inMarker: null, identity: await this.#identify(), supersededBy: null };
  }

  async #identify(): Promise<DatabaseIdentity | null> {
    const identity = await this.deps.identify();
    if (identity === null && !this.#toldNoIdentity) {
      this.#toldNoIdentity = true;
      this.deps.log.warn('The database tells nothing that would distinguish it from a copy. The bucket’s marker still protects the bucket from copies that are a few minutes old');
    }
    return identity;
  }

  #unreadable(area: Area, detail: string): StorageError {
    return new StorageError('MARKER_UNREADABLE', { operation: 'get', subject: area.bucket, detail, refused: true });
  }

  #looked(last: Look, ownership: Ownership, seen: Seen): Look {
    const at = this.deps.clock.elapsed();
    const isOwn = ownership.state === 'own';
    const isSameToken = last.seen?.kind === 'marker' && seen.kind === 'marker' && last.seen.marker.token === seen.marker.token;
    return {
      ownership,
      at,
      seen,
      ownSince: isOwn ? Math.min(last.ownSince, at) : Infinity,
      tokenSince: isSameToken ? last.tokenSince : at,
    };
  }

  #lookOf(area: AreaId): Look {
    return this.#looks.get(area) ?? FIRST;
  }
}

/** Returns what a look finds for an instance that may write nothing, so that it can neither take an area nor mark it again. */
function withoutRights(judgement: Judgement): Ownership {
  if (judgement.kind === 'other') return { state: 'foreign', code: judgement.code };
  return judgement.kind === 'unmarked' ? { state: 'unknown', code: 'MARKER_MISSING' } : NOT_LOOKED_YET;
}

/** Returns a text that differs where two ownerships give different rights. */
function nameOf(ownership: Ownership): string {
  return 'code' in ownership ? ownership.code : ownership.state;
}

/** Whether this database still knows the token that the last look has seen: it has not been set back meanwhile. */
function knows(record: OwnerRecord, seen: Seen | undefined): boolean {
  return seen?.kind === 'marker' && (seen.marker.token === record.token || seen.marker.token === record.inMarker);
}

import type { Clock } from '../../server/src/core/clock';
import type { DatabaseIdentity } from '../../server/src/core/buckets/owner/database-identity';
import { parseKey, type ObjectKey, type VolumeId } from '../../server/src/core/keys';
import type { Faults } from './faults';
import type { Outside } from './outside';
import type { History } from './plan';
import { Process } from './process';
import { settled, type Life, type Scheduler } from './scheduler';
import { SimDatabase } from './sim-database';
import { SimDisk } from './sim-disk';
import { checkFindings } from './findings';
import type { SimS3 } from './sim-s3';
import type { TrueOwner } from './true-owner';
import { Writes, type Moment, type Write } from './writes';

/** The bytes that a write gives to a key. They tell where they come from. */
export const bytesFor = (write: Write, key: ObjectKey): Buffer => Buffer.from(`${write.id} ${key}`);

/** The keys of an image's main file and thumbnail. */
export function keysOf(file: string): KeyPair {
  const keys = known.get(file) ?? [parseKey(`${file}.bin`), parseKey(`thumbnail_${file}.bin`)];
  known.set(file, keys);
  return keys;
}

type KeyPair = readonly [main: ObjectKey, thumbnail: ObjectKey];
const known = new Map<string, KeyPair>();

/**
 * A project, as its servers see the world: a database, a bucket, one or two disks, two processes. In some histories a copy of it takes part
 * as well, which is another world with the same outside.
 */
export class World {
  readonly writes: Writes;
  readonly world: Life = { name: 'world', alive: true, paused: false };
  readonly database: SimDatabase;
  readonly disks: readonly SimDisk[];
  /** Objects that a third party has damaged. That party answers for bytes that are in S3 only. */
  readonly damaged = new Set<string>();
  /** Damaged objects that were whole when a cleanup let go of their files, which are still on a disk. */
  readonly damagedOnceFreed = new Set<string>();
  /** Files on the disks to which the ledger led at some time. */
  readonly onceLive = new Set<string>();
  /** Plain paths of files that were on the first disk only at the beginning. */
  readonly onDiskOnly = new Set<string>();
  /** Plain names of files that were in the bucket only at the beginning. */
  readonly unread = new Set<string>();
  /** Whether there may be objects that only the audit's listing can find, because a roll-back took their record away. */
  mayLeak = false;
  /**
   * Files whose thumbnail is in doubt. Strapi changes the listing of a thumbnail and the ledger changes its bytes, in two
   * transactions. If a replace that brings the thumbnail back or drops it crashes between the two, or if two such replaces are
   * under way at once, either may be ahead until the next replace.
   */
  readonly doubtful = new Set<string>();
  processes: Process[] = [];
  /** Whether the settings say that S3 is being left. A process hears of a change within two seconds. */
  leaving = false;
  /** Whether S3 was left once. Objects replaced or deleted meanwhile stay in the bucket, because leaving touches nothing there. */
  wasLeft = false;
  /** Whether somebody has claimed the bucket for this database, or has tried to. */
  hasClaimed = false;
  /** Objects that this database has lost to others, who owned the bucket while they removed them. */
  readonly lost = new Set<string>();
  readonly #skew = [0, 0];
  readonly #listedSince = new Map<ObjectKey, number>();

  /**
   * @param owner tells who owns the bucket; undefined in histories without copies, where nobody else is there
   * @param identity the database's own
   * @param from the server of which this one is a copy, as it is now
   */
  constructor(
    readonly outside: Outside,
    readonly name = '',
    readonly owner?: TrueOwner,
    readonly identity: DatabaseIdentity = { kind: 'simulated', id: 'production' },
    from?: World,
  ) {
    const { setting } = outside.history;
    this.mayLeak = setting.secondReadOnly || owner !== undefined;
    const clock = { now: () => this.time, random: () => outside.random() };
    this.database = new SimDatabase(this.scheduler, this.faults, clock, setting.idsReturn, () => (this.mayLeak = true), from?.database);
    const disk = (name: string) => new SimDisk(name as VolumeId, this.scheduler, this.faults, () => this.time);
    const first = from?.disks[0]?.copy() ?? disk('disk-0');
    this.disks = [first, setting.sharedDisk ? first : (from?.disks[1]?.copy() ?? disk('disk-1'))];
    this.writes = from?.writes.copy(this.now) ?? new Writes(() => ++outside.lastWrite);
    if (from) this.#remember(from);
  }

  get history(): History {
    return this.outside.history;
  }

  get scheduler(): Scheduler {
    return this.outside.scheduler;
  }

  get faults(): Faults {
    return this.outside.faults;
  }

  get s3(): SimS3 {
    return this.outside.s3;
  }

  get log(): readonly string[] {
    return this.outside.log;
  }

  get time(): number {
    return this.outside.time;
  }

  set time(time: number) {
    this.outside.time = time;
  }

  get now(): Moment {
    return { step: this.scheduler.step, time: this.time };
  }

  /** Whether this database owns the bucket, so that nobody else may remove or overwrite what its ledger needs. */
  get isOwner(): boolean {
    return this.owner === undefined || this.owner.is(this);
  }

  /** Whether the plugin answers for an object to which the ledger leads. */
  answersFor(object: string): boolean {
    return !this.damaged.has(object) && this.isOwner && !this.lost.has(object);
  }

  /** Starts the processes. */
  async boot(): Promise<void> {
    this.processes = [this.#process(0), this.#process(1)];
    await settled();
  }

  async start(): Promise<void> {
    await this.boot();
    const { library, bucketOnly, foreign, sharedDisk } = this.history.setting;
    const toDisk = (key: ObjectKey, bytes: Buffer) => {
      this.disks[0]?.write(key, bytes);
      this.onDiskOnly.add(key);
    };
    const toBucket = (key: ObjectKey, bytes: Buffer) => {
      this.s3.store(key, bytes);
      this.unread.add(key);
    };
    for (let at = 0; at < library; at++) this.#existing(`library${at}`, toDisk);
    for (let at = 0; at < bucketOnly; at++) this.#existing(`bucket${at}`, toBucket);
    // a process that does not have the disk could not tell it from a file that is in the bucket only
    if (foreign) this.s3.store(keysOf(library > 0 && sharedDisk ? 'library0' : 'file1')[0], Buffer.from('somebody else’s'), true);
  }

  /** Ends a process where it is, and starts one in its place that knows nothing but disk, database and bucket. */
  restart(at: number): void {
    const before = this.processes[at] as Process;
    this.scheduler.end(before.life);
    this.processes[at] = this.#process(at);
  }

  /** Makes the media library list these keys of the file from now on. */
  list(file: string, keys: readonly ObjectKey[]): void {
    const before = this.database.files.get(file) ?? [];
    for (const key of keys.filter((listed) => !before.includes(listed))) {
      if (this.#listedSince.has(key) && before.length > 0) this.doubtful.add(file);
      this.#listedSince.set(key, this.time);
    }
    this.database.files.set(file, keys);
  }

  /** The keys of a file for which it is certain what readers may see. */
  certain(file: string, keys: readonly ObjectKey[]): readonly ObjectKey[] {
    const inDoubt = this.doubtful.has(file) || this.writes.underWay(file);
    return inDoubt ? keys.filter((key) => key === keysOf(file)[0]) : keys;
  }

  /** Keys of all files that anybody ever wrote. */
  everWritten(): ObjectKey[] {
    return this.writes.all.flatMap(({ file }) => keysOf(file));
  }

  /** Files that the library lists or has listed, and that an older export may therefore contain. */
  onceListed(): string[] {
    const files = new Set(this.writes.all.map(({ file }) => file));
    return [...files].filter((file) => this.#listedSince.has(keysOf(file)[0]));
  }

  /** The time at which the library last began to list a key, or -Infinity for a key that it listed from the beginning. */
  listedSince(key: ObjectKey): number {
    return this.#listedSince.get(key) ?? -Infinity;
  }

  /**
   * Keys of files with a write whose ending nobody was told, or that met another write. If Strapi crashes between two of its
   * steps, the audit has to find what the crash leaves unlisted.
   */
  leftToAudit(): ObjectKey[] {
    const databaseFailed = [...this.faults.met.keys()].some((fault) => fault.startsWith('database'));
    const unclear = this.writes.all.filter(
      // the plugin cannot bury either what a refused upload published while the database fails
      (write) => write.ended?.as === 'unknown' || this.writes.meeting(write).length > 0 || (databaseFailed && write.ended?.as === 'refused'),
    );
    return [...unclear.map(({ file }) => file), ...this.doubtful].flatMap(keysOf);
  }

  /** Tells every process the settings. */
  tellAll(): void {
    for (const process of this.processes) process.follow(this.leaving);
  }

  setClock(at: number, ms: number): void {
    this.#skew[at] = (this.#skew[at] ?? 0) + ms;
  }

  note(line: string): void {
    this.outside.note(line);
  }

  violated(what: string): never {
    return this.outside.violated(`${this.name}${what}`);
  }

  #remember(from: World): void {
    for (const [key, since] of from.#listedSince) this.#listedSince.set(key, since);
    for (const name of from.onceLive) this.onceLive.add(name);
    for (const name of from.onDiskOnly) this.onDiskOnly.add(name);
    for (const name of from.unread) this.unread.add(name);
    for (const file of from.doubtful) this.doubtful.add(file);
    for (const { file } of from.writes.all) if (from.writes.underWay(file)) this.doubtful.add(file);
  }

  #existing(file: string, store: (key: ObjectKey, bytes: Buffer) => void): void {
    const write = this.writes.begin(file, 'content', 'upload', this.world, this.now);
    for (const key of keysOf(file)) store(key, bytesFor(write, key));
    write.ended = { ...this.now, time: -Infinity, as: 'acknowledged' };
    write.over = write.ended;
    this.database.files.set(file, keysOf(file));
    for (const key of keysOf(file)) this.#listedSince.set(key, -Infinity);
  }

  #process(at: number): Process {
    const life: Life = { name: `${this.name}process ${at} (life ${++this.outside.lives})`, alive: true, paused: false };
    const sleeping =
      (background: boolean): Clock['sleep'] =>
      async (ms, signal) => {
        const until = this.time + ms;
        await this.scheduler.wait(life, `sleep ${Math.round(ms)} ms`, { background });
        if (signal?.aborted) throw signal.reason;
        this.time = Math.max(this.time, until);
      };
    const clock: Clock = {
      now: () => this.time + (this.#skew[at] ?? 0),
      elapsed: () => this.time,
      random: () => this.outside.random(),
      sleep: sleeping(false),
    };
    return new Process({
      life,
      scheduler: this.scheduler,
      database: this.database,
      s3: this.s3,
      disk: this.disks[at] as SimDisk,
      clock,
      sleepInBackground: sleeping(true),
      readOnly: at === 1 && this.history.setting.secondReadOnly,
      lists: this.history.setting.lists,
      // the others show what happens without it: what lies in memory cannot be damaged
      memoryCacheMb: this.history.seed % 4 === 0 ? 1 : 0,
      leaving: this.leaving,
      owner: this.owner && { identity: this.identity, sender: this.owner.senderOf(this) },
      volumes: [...new Set(this.disks)].map(({ volume }) => volume),
      onFindings: (findings) => checkFindings(this, findings),
    });
  }
}

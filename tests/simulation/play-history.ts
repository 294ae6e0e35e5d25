// This file is longer than others, because it has one player, whose parts share the tasks under way.
import { localOf, remoteOf } from '../../server/src/core/ledger/state';
import { isStorageError } from '../../server/src/core/errors';
import { giveUp, play, readAndJudge } from './clients';
import { DatabaseError } from './faults';
import { Outside, Violation } from './outside';
import type { History, Job, PlacedStep } from './plan';
import type { Process } from './process';
import { checkAllInPlace, checkNothingLeft, checkPromises, condemnedCopies } from './promises';
import { settled, type Gate, type Life } from './scheduler';
import { damage } from './sim-s3';
import { MARKER, TrueOwner } from './true-owner';
import { World } from './world';
import { STALE_MS } from './writes';

export interface Outcome {
  readonly steps: number;
  readonly acknowledged: number;
  /** The number of times that each fault occurred. */
  readonly faults: ReadonlyMap<string, number>;
  readonly violation: Violation | undefined;
  /** The events, line by line. */
  readonly log: readonly string[];
}

const HOUR = 3600_000;
const LONG_MS = 12 * HOUR;
/** Together these rests are long enough for every grace and for the second removal of every name after it. */
const REST_MS = [0, 25 * HOUR, 25 * HOUR, 8 * 24 * HOUR, 25 * HOUR, 25 * HOUR];
/** The rest after which an audit may apply its findings: what it looks at has not changed for a day. */
const AUDITED_ROUND = 1;
/** The jobs that always go on by themselves, and phase 1. */
const AT_REST: readonly Job[] = ['catch-up', 'upload', 'purge', 'sweep'];
/** The jobs that bring every file to its plain path. They run at these times, also after the longest pause of a failed file. */
const ON_LEAVING: readonly Job[] = ['purge', 'restore', 'settle', 'sweep'];
const LEAVING_MS = [0, HOUR, 8 * 24 * HOUR, 0];
/** Far more steps than any history needs. A history that gets here runs in circles. */
const MAX_STEPS = 5_000;

/** Plays a history to its end, and then on until everything has come to rest. Never rejects for a broken promise. */
export async function playHistory(history: History): Promise<Outcome> {
  const player = new Player(history);
  const { outside } = player;
  try {
    await player.run();
  } catch (error) {
    if (!(error instanceof Violation)) throw new Error(`${String(error)}\n${outside.log.join('\n')}`, { cause: error });
  } finally {
    player.end();
  }
  return { steps: outside.scheduler.step, acknowledged: player.acknowledged, faults: outside.faults.met, violation: outside.violation, log: outside.log };
}

type Choice = { readonly kind: 'gate'; readonly gate: Gate } | { readonly kind: 'late'; readonly index: number } | { readonly kind: 'step'; readonly step: PlacedStep };

interface Task {
  readonly life: Life;
  readonly job?: Job;
}

class Player {
  readonly outside: Outside;
  /** Production, and its copy when there is one. */
  readonly #worlds: [production: World, copy?: World];
  readonly #owner: TrueOwner | undefined;
  #backup: World | undefined;
  #copies = 0;
  readonly #tasks = new Set<Task>();
  #failure: unknown;
  #next = 0;

  constructor(private readonly history: History) {
    this.outside = new Outside(history);
    this.#owner = history.setting.copies ? new TrueOwner(this.outside, () => this.#all) : undefined;
    this.#worlds = [new World(this.outside, '', this.#owner)];
  }

  async run(): Promise<void> {
    const { world, history } = this;
    await world.start();
    await this.#becomeOwner();
    let begun = 0;
    while (begun < history.steps.length || this.#tasks.size > 0) {
      const step = history.steps[begun];
      // no process is suspended for ever, because others may wait for a lock of its transaction
      const stuck = this.#next >= history.schedule.length || world.scheduler.eligible().length === 0;
      if (stuck && (!step || step.kind === 'wait')) this.#resumeAll();
      const choices = this.#choices(step);
      if (choices.length === 0) throw new Error('nothing can go on');
      const choice = choices[(history.schedule[this.#next++] ?? 0) % choices.length]!;
      if (choice.kind === 'step') begun++;
      await this.#go(choice);
      await this.#check();
    }
    await this.#comeToRest();
  }

  /** The things that could happen next, in this order: gates that somebody waits at, late requests, the next step, background gates. */
  #choices(step: PlacedStep | undefined): Choice[] {
    const gates = this.world.scheduler.eligible().map((gate): Choice => ({ kind: 'gate', gate }));
    const late = this.history.setting.lateLast ? [] : this.world.s3.late.map((_, index): Choice => ({ kind: 'late', index }));
    const inBackground = (choice: Choice) => choice.kind === 'gate' && choice.gate.background;
    return [
      ...gates.filter((choice) => !inBackground(choice)),
      ...late,
      ...(step && !this.#mustWait(step) ? [{ kind: 'step', step } as const] : []),
      ...gates.filter(inBackground),
    ];
  }

  #mustWait(step: PlacedStep): boolean {
    return step.kind === 'wait' && [...this.#tasks].some(({ life }) => !life.paused);
  }

  async #go(choice: Choice): Promise<void> {
    const { world } = this;
    switch (choice.kind) {
      case 'gate':
        world.note(`${choice.gate.life.name}: ${choice.gate.label}`);
        return world.scheduler.open(choice.gate);
      case 'late':
        return this.#land(choice.index);
      case 'step':
        await this.#begin(choice.step);
        return settled();
    }
  }

  #land(index: number): void {
    const [effect] = this.world.s3.late.splice(index, 1);
    this.world.note(`takes effect: ${effect!.label}`);
    effect!.apply();
  }

  async #begin(step: PlacedStep): Promise<void> {
    const world = (step.onCopy && this.#worlds[1]) || this.world;
    const process = 'at' in step ? world.processes[step.at]! : undefined;
    switch (step.kind) {
      case 'crash':
        this.#crash(world, step.at);
        return this.#lookAtStart([world.processes[step.at]!]);
      case 'pause':
      case 'resume':
        world.note(`${process!.life.name}: ${step.kind}`);
        process!.life.paused = step.kind === 'pause';
        return;
      case 'wait':
        return;
      case 'give-up':
        return giveUp(world, process!.life);
      case 's3-down':
      case 's3-up':
        world.note(step.kind);
        world.s3.down = step.kind === 's3-down';
        return;
      case 'damage':
        return this.#task({ life: world.world }, () => this.#damage());
      case 'leave':
      case 'return':
        world.note(`${process!.life.name}: ${step.kind}`);
        world.leaving = step.kind === 'leave';
        process!.follow(world.leaving);
        world.wasLeft = true;
        return;
      case 'back-up':
      case 'copy':
      case 'set-back':
        return this.#duplicate(step);
      case 'lose-marker':
        world.note('the marker is lost');
        world.s3.objects.delete(MARKER);
        return;
      case 'time':
        return this.#letPass(step.ms);
      case 'set-clock':
        world.note(`${process!.life.name}: its clock is set by ${step.ms / 1000} s`);
        world.setClock(step.at, step.ms);
        return;
      default:
        if ('file' in step) this.#task({ life: process!.life }, () => play(world, step));
        else this.#job(process!, step.kind);
    }
  }

  #letPass(ms: number): void {
    const { world } = this;
    if (ms >= LONG_MS) {
      // no request is under way for half a day, and the audit has to find what a process sends after it has slept through two sweeps
      while (world.s3.late.length > 0) this.#land(0);
      if (this.#tasks.size > 0) world.mayLeak = true;
    }
    world.note(`${ms / 1000} s pass`);
    world.time += ms;
    if (ms >= STALE_MS) for (const one of this.#all) one.tellAll();
  }

  #job(process: Process, job: Job): void {
    if (job === 'claim') for (const world of this.#all) world.hasClaimed ||= world.processes.includes(process);
    this.#task({ life: process.life, job }, async () => {
      if (!this.world.faults.calm) this.world.note(`${process.life.name}: ${job} begins`);
      await process.run(job).catch((error: unknown) => {
        // the next run finds the work that this one has left
        if (!(error instanceof DatabaseError) && !(job === 'claim' && isStorageError(error))) throw error;
      });
      if (!this.world.faults.calm) this.world.note(`${process.life.name}: ${job} has ended`);
    });
  }

  #task(task: Task, work: () => Promise<void>): void {
    this.#tasks.add(task);
    work()
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#tasks.delete(task));
  }

  #crash(world: World, at: number): void {
    const { life } = world.processes[at]!;
    world.note(`${life.name} crashes`);
    world.restart(at);
    for (const task of this.#tasks) if (task.life === life) this.#tasks.delete(task);
    world.writes.endLife(life, world.now);
  }

  /** Backs production up, makes a copy of it, or puts its backup in its place. A dump of an open transaction has nothing of it. */
  async #duplicate(step: Extract<PlacedStep, { kind: 'back-up' | 'copy' | 'set-back' }>): Promise<void> {
    const { outside, world } = this;
    const owner = this.#owner;
    if (!owner || outside.scheduler.transaction) return;
    const copyOf = (from: World, name: string, id: string) => new World(outside, name, owner, { kind: 'simulated', id }, from);
    if (step.kind === 'back-up') {
      outside.note('production is backed up');
      this.#backup = copyOf(world, '', world.identity.id!);
      return;
    }
    const id = `copy ${++this.#copies}`;
    if (step.kind === 'copy') {
      outside.note(`production is copied${step.ofBackup && this.#backup ? ' from its backup' : ''}: ${id}`);
      if (this.#worlds[1]) this.#endWorld(this.#worlds[1]);
      this.#worlds[1] = copyOf((step.ofBackup && this.#backup) || world, `${id}, `, id);
      await this.#worlds[1].boot();
      return this.#lookAtStart(this.#worlds[1].processes);
    }
    if (!this.#backup) return;
    outside.note(`production is restored from its backup${step.sameIdentity ? '' : `, as ${id}`}`);
    this.#endWorld(world);
    this.#worlds[0] = copyOf(this.#backup, '', step.sameIdentity ? world.identity.id! : id);
    await this.world.boot();
    await owner.succeeds();
    return this.#lookAtStart(this.world.processes);
  }

  /** A process that starts looks who owns the bucket. */
  async #lookAtStart(processes: readonly Process[]): Promise<void> {
    if (!this.#owner) return;
    await settled();
    for (const process of processes) this.#job(process, 'look');
  }

  /** Lets production become the owner of the bucket before anything happens. */
  async #becomeOwner(): Promise<void> {
    if (!this.#owner) return;
    this.outside.faults.calm = true;
    await this.#lookAtStart(this.world.processes);
    await this.#drain();
    this.outside.faults.calm = false;
  }

  #endWorld({ processes }: World): void {
    for (const { life } of processes) {
      this.outside.scheduler.end(life);
      for (const task of this.#tasks) if (task.life === life) this.#tasks.delete(task);
    }
  }

  end(): void {
    for (const world of this.#all) this.#endWorld(world);
  }

  get acknowledged(): number {
    return this.#all.reduce((sum, world) => sum + world.writes.ofEnding('acknowledged').length, 0);
  }

  get world(): World {
    return this.#worlds[0];
  }

  get #all(): World[] {
    return this.#worlds.filter((world) => world !== undefined);
  }

  /** Damages an object that has a copy on a disk, and on which nobody is about to rely. */
  async #damage(): Promise<void> {
    const { world } = this;
    if ([...this.#tasks].some(({ job }) => job === 'cleanup' || job === 'sweep')) return;
    for (const keys of world.database.files.values()) {
      for (const key of keys) {
        const row = await world.database.ledger.find(key);
        const hasCopy = row?.placement.state === 'both' || (row?.placement.state === 'remote' && (await condemnedCopies(world, row)).length > 0);
        const name = hasCopy ? remoteOf(row)?.object : undefined;
        const object = name !== undefined && !world.damaged.has(name) ? world.s3.objects.get(name) : undefined;
        if (name === undefined || !object) continue;
        world.note(`somebody damages the object "${name}"`);
        world.damaged.add(name);
        if (row?.placement.state === 'remote') world.damagedOnceFreed.add(name);
        world.s3.store(name, damage(object.bytes));
        return;
      }
    }
  }

  #resumeAll(): void {
    for (const { processes } of this.#all) for (const { life } of processes) life.paused = false;
  }

  async #check(): Promise<void> {
    const { world } = this;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.outside.violation) throw this.outside.violation;
    // a restore that fetches a file whose copy lies on another disk leaves that copy to the other disk's audit: no process removes
    // files from another disk. Leaving may begin while the restore runs.
    const leaves = ({ life, leaving }: Process) => leaving && [...this.#tasks].some((task) => task.job === 'restore' && task.life === life);
    if (!this.history.setting.sharedDisk && world.processes.some(leaves)) world.mayLeak = true;
    if (world.scheduler.step > MAX_STEPS) throw new Error('a history that does not end');
    await this.#owner?.update();
    for (const one of this.#all) await checkPromises(one);
  }

  /** Lets everything that has begun come to its end, the oldest first. */
  async #drain(): Promise<void> {
    await settled();
    while (this.#tasks.size > 0) {
      const [gate] = this.world.scheduler.eligible();
      if (!gate) throw new Error(`nothing goes on, but ${this.#tasks.size} tasks have not ended`);
      // the log leaves out the many questions of idle jobs
      if (/^(PUT|DELETE|disk (put|delete|name|remove)|ledger (publish|purge|commit\w*|swept|adopt)) /.test(gate.label)) this.world.note(`${gate.life.name}: ${gate.label}`);
      await this.world.scheduler.open(gate);
      await this.#check();
    }
  }

  /** From now on nothing fails, every request under way takes effect, and the jobs run until there is nothing to do. */
  async #comeToRest(): Promise<void> {
    const { world } = this;
    world.note('from here on nothing fails');
    this.#resumeAll();
    world.faults.calm = true;
    world.s3.down = false;
    await this.#drain();
    world.scheduler.atRest = true;
    if (world.leaving) await this.#leave();
    for (const one of this.#all) one.tellAll();
    for (const [round, ms] of REST_MS.entries()) {
      world.time += ms;
      await this.#settleOwner();
      const jobs: readonly Job[] = round === AUDITED_ROUND && this.history.setting.audits ? [...AT_REST, 'audit-apply'] : AT_REST;
      for (const { processes } of this.#all) for (const process of processes) await this.#work(process, jobs);
      while (round === 0 && world.s3.late.length > 0) {
        this.#land(0);
        await this.#check();
      }
    }
    for (const one of this.#all) await this.#readEverything(one);
    if (!world.mayLeak) await checkNothingLeft(world);
  }

  /** Leaves S3 and returns to it. In between plain Strapi would find every file. */
  async #leave(): Promise<void> {
    const { world } = this;
    world.note('S3 is left');
    world.tellAll();
    for (const ms of LEAVING_MS) {
      world.time += ms;
      for (const process of world.processes) await this.#work(process, ON_LEAVING);
    }
    await checkAllInPlace(world);
    world.note('S3 is back');
    world.leaving = false;
  }

  async #work(process: Process, jobs: readonly Job[]): Promise<void> {
    this.#task({ life: process.life }, () => process.probe());
    await this.#drain();
    for (const job of jobs) {
      this.#job(process, job);
      await this.#drain();
    }
  }

  /** All look who owns the bucket. If nobody can tell, a person claims it for the last owner. Afterwards all of them agree. */
  async #settleOwner(): Promise<void> {
    if (!this.#owner) return;
    const everybody = this.#all.flatMap(({ processes }) => processes);
    const look = async () => {
      for (const process of everybody) await this.#work(process, ['look']);
    };
    await look();
    if (everybody.every(({ ownership }) => ownership !== 'own')) {
      const last = this.#all.find(({ isOwner }) => isOwner) ?? this.world;
      this.#job(last.processes[0]!, 'claim');
      await this.#drain();
      await look();
    }
    for (const { processes, isOwner, name } of this.#all) {
      for (const { life, ownership } of processes) {
        if ((ownership === 'own') !== isOwner) this.outside.violated(`${name}${life.name} says "${ownership}", but ${isOwner ? 'its' : 'another'} database owns the bucket`);
      }
    }
  }

  async #readEverything(world: World): Promise<void> {
    for (const process of world.processes) {
      for (const [file, keys] of [...world.database.files]) {
        for (const key of world.certain(file, keys)) {
          this.#task({ life: process.life }, async () => {
            const kind = await readAndJudge(world, process, file, key);
            if (kind !== 'file' && !(await this.#isElsewhere(world, process, key)) && !(await this.#isGivenUp(world, process, key, kind))) world.violated(`at rest, ${process.life.name} answers "${kind}" for ${key}`);
          });
          await this.#drain();
        }
      }
    }
  }

  /** Whether the only intact copy of a key is on a disk that this process does not have. */
  /** Whether a server does not have a file any more because another one owned the bucket. A copy says so at once, and never answers 503. */
  async #isGivenUp(world: World, process: Process, key: Parameters<typeof readAndJudge>[3], kind: string): Promise<boolean> {
    const row = await world.database.ledger.find(key);
    const name = (row && remoteOf(row)?.object) ?? key;
    if (world.answersFor(name)) return false;
    if (!world.s3.objects.has(name)) return !row || row.placement.state === 'new' || kind === 'vanished' || process.ownership === 'own';
    return row !== undefined && 'content' in row.placement && world.s3.objects.get(name)?.md5 !== row.placement.content.md5;
  }

  async #isElsewhere(world: World, process: Process, key: Parameters<typeof readAndJudge>[3]): Promise<boolean> {
    const row = await world.database.ledger.find(key);
    // a process that may change nothing leaves the ledger alone and serves the copy itself
    const { sharedDisk, secondReadOnly } = this.history.setting;
    if (row?.placement.state === 'remote' && (await condemnedCopies(world, row)).length > 0) return secondReadOnly && !sharedDisk && process === world.processes[0];
    if (!row || row.placement.state === 'new') return world.disks[0]?.files.has(key) === true && process.volume !== world.disks[0].volume;
    const remote = row && remoteOf(row);
    const local = row && localOf(row);
    return (!remote || world.damaged.has(remote.object)) && local !== undefined && local.volume !== process.volume;
  }
}

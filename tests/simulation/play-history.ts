// This file is longer than others, because it has one player, whose parts share the tasks under way.
import { localOf, remoteOf } from '../../server/src/core/ledger/state';
import { giveUp, play, readAndJudge } from './clients';
import { DatabaseError } from './faults';
import type { History, Job, Step } from './plan';
import type { Process } from './process';
import { checkAllInPlace, checkNothingLeft, checkPromises, condemnedCopies } from './promises';
import { settled, type Gate, type Life } from './scheduler';
import { damage } from './sim-s3';
import { Violation, World } from './world';
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
  const { world } = player;
  try {
    await player.run();
  } catch (error) {
    if (!(error instanceof Violation)) throw new Error(`${String(error)}\n${world.log.join('\n')}`, { cause: error });
  } finally {
    for (const { life } of world.processes) world.scheduler.end(life);
  }
  return { steps: world.scheduler.step, acknowledged: world.writes.ofEnding('acknowledged').length, faults: world.faults.met, violation: world.violation, log: world.log };
}

type Choice = { readonly kind: 'gate'; readonly gate: Gate } | { readonly kind: 'late'; readonly index: number } | { readonly kind: 'step'; readonly step: Step };

interface Task {
  readonly life: Life;
  readonly job?: Job;
}

class Player {
  readonly world: World;
  readonly #tasks = new Set<Task>();
  #failure: unknown;
  #next = 0;

  constructor(private readonly history: History) {
    this.world = new World(history);
  }

  async run(): Promise<void> {
    const { world, history } = this;
    await world.start();
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
  #choices(step: Step | undefined): Choice[] {
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

  #mustWait(step: Step): boolean {
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
        this.#begin(choice.step);
        return settled();
    }
  }

  #land(index: number): void {
    const [effect] = this.world.s3.late.splice(index, 1);
    this.world.note(`takes effect: ${effect!.label}`);
    effect!.apply();
  }

  #begin(step: Step): void {
    const { world } = this;
    const process = 'at' in step ? world.processes[step.at]! : undefined;
    switch (step.kind) {
      case 'crash':
        return this.#crash(step.at);
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
    if (ms >= STALE_MS) world.tellAll();
  }

  #job(process: Process, job: Job): void {
    this.#task({ life: process.life, job }, async () => {
      if (!this.world.faults.calm) this.world.note(`${process.life.name}: ${job} begins`);
      await process.run(job).catch((error: unknown) => {
        // the next run finds the work that this one has left
        if (!(error instanceof DatabaseError)) throw error;
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

  #crash(at: number): void {
    const { world } = this;
    const { life } = world.processes[at]!;
    world.note(`${life.name} crashes`);
    world.restart(at);
    for (const task of this.#tasks) if (task.life === life) this.#tasks.delete(task);
    world.writes.endLife(life, world.now);
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
    for (const { life } of this.world.processes) life.paused = false;
  }

  async #check(): Promise<void> {
    const { world } = this;
    if (this.#failure !== undefined) throw this.#failure;
    if (world.violation) throw world.violation;
    // a restore that fetches a file whose copy lies on another disk leaves that copy to the other disk's audit: no process removes
    // files from another disk. Leaving may begin while the restore runs.
    const leaves = ({ life, leaving }: Process) => leaving && [...this.#tasks].some((task) => task.job === 'restore' && task.life === life);
    if (!this.history.setting.sharedDisk && world.processes.some(leaves)) world.mayLeak = true;
    if (world.scheduler.step > MAX_STEPS) throw new Error('a history that does not end');
    await checkPromises(world);
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
    world.tellAll();
    for (const [round, ms] of REST_MS.entries()) {
      world.time += ms;
      const jobs: readonly Job[] = round === AUDITED_ROUND && this.history.setting.audits ? [...AT_REST, 'audit-apply'] : AT_REST;
      for (const process of world.processes) await this.#work(process, jobs);
      while (round === 0 && world.s3.late.length > 0) {
        this.#land(0);
        await this.#check();
      }
    }
    await this.#readEverything();
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

  async #readEverything(): Promise<void> {
    const { world } = this;
    for (const process of world.processes) {
      for (const [file, keys] of [...world.database.files]) {
        for (const key of world.certain(file, keys)) {
          this.#task({ life: process.life }, async () => {
            const kind = await readAndJudge(world, process, file, key);
            if (kind !== 'file' && !(await this.#isElsewhere(process, key))) world.violated(`at rest, ${process.life.name} answers "${kind}" for ${key}`);
          });
          await this.#drain();
        }
      }
    }
  }

  /** Whether the only intact copy of a key is on a disk that this process does not have. */
  async #isElsewhere(process: Process, key: Parameters<typeof readAndJudge>[3]): Promise<boolean> {
    const row = await this.world.database.ledger.find(key);
    // a process that may change nothing leaves the ledger alone and serves the copy itself
    const { sharedDisk, secondReadOnly } = this.history.setting;
    if (row?.placement.state === 'remote' && (await condemnedCopies(this.world, row)).length > 0) return secondReadOnly && !sharedDisk && process === this.world.processes[0];
    if (!row || row.placement.state === 'new') return this.world.disks[0]?.files.has(key) === true && process.volume !== this.world.disks[0].volume;
    const remote = row && remoteOf(row);
    const local = row && localOf(row);
    return (!remote || this.world.damaged.has(remote.object)) && local !== undefined && local.volume !== process.volume;
  }
}

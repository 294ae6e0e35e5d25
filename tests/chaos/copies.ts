import { clone, startClone } from '../support/clone';
import { sleep, waitUntil } from '../support/process';
import type { RawBucket } from '../support/raw-s3';
import type { S3Kind } from '../support/s3';
import { leave, openStage, type Stage } from '../support/stage';
import type { StrapiInstance } from '../support/strapi';
import { verifyAll } from './at-rest';
import { Audit } from './audit';
import { BucketWatch } from './bucket-watch';
import { startClients } from './clients';
import { OWN_PREFIX, Vandal } from './copy-actions';
import { diceOf, type Dice } from './dice';
import { openBooks, type Books } from './ledger-rows';
import { adoptLoose, caughtUp } from './loose-ends';
import { prepare } from './prepare';
import { report, type Say } from './report';
import { sabotage } from './sabotage';
import { World, type Replica } from './world';

export interface CopiesOptions {
  /** The number of rounds of work on copies. Each ends with a look at the whole bucket. */
  times: number;
  seed: string;
  s3?: S3Kind;
  /** Whether to damage objects before the last look. The campaign must notice. */
  sabotage: boolean;
  say: Say;
}

const CLIENTS = 2;
const ROUNDS_EACH = 4;
const ACTIONS = { least: 8, most: 16 };
/** Longest time that passes under load before production is copied, in milliseconds. */
const LONGEST_LOAD_MS = 3_000;
/** The time in milliseconds that purge and sweep, which a deletion wakes at once, may take. */
const SWEEP_MS = 1_500;

/**
 * Copies a production under load again and again, starts the copy with the same settings, and does on it whatever people can do. After
 * each round every object of the bucket must be as production left it. @returns the exit code
 */
export async function runCopies(options: CopiesOptions): Promise<number> {
  const stage = await openStage({ database: { client: 'sqlite' }, s3: options.s3 });
  let code = 1;
  try {
    await prepare(stage);
    const production: Replica = { name: 'production', strapi: stage.strapi };
    const world = new World([production], diceOf(options.seed), 0);
    const books = openBooks(stage.strapi);
    const campaign = new Campaign(options, stage, world, books);
    try {
      await campaign.run();
      code = await report(world, campaign.audit, options.say);
    } finally {
      await books.close();
    }
    return code;
  } finally {
    await stage.close(code !== 0 && !options.sabotage);
  }
}

class Campaign {
  readonly audit: Audit;
  readonly #watch: BucketWatch;

  constructor(
    private readonly options: CopiesOptions,
    private readonly stage: Stage,
    private readonly world: World,
    private readonly books: Books,
  ) {
    const bucket = without(stage.bucket, OWN_PREFIX);
    this.audit = new Audit(world, books, bucket, stage.s3.kind === 'embedded');
    this.#watch = new BucketWatch(world, books, bucket);
  }

  async run(): Promise<void> {
    const { options, world } = this;
    const clients = startClients(world, CLIENTS, 'library');
    await waitUntil('a library', () => world.counted('upload acknowledged') >= 30, 60_000);
    await clients.stop();
    await this.#check();
    for (let done = 0, number = 1; done < options.times && world.violations.length === 0; number++) {
      const rounds = Math.min(ROUNDS_EACH, options.times - done);
      await this.#copy(number, done, rounds);
      done += rounds;
    }
    if (options.sabotage) {
      await sabotage(world, this.books, this.stage.bucket);
      await this.#check();
    }
  }

  /** Copies production in one of the ways in which that happens, and plays some rounds on the copy. */
  async #copy(number: number, done: number, rounds: number): Promise<void> {
    const { strapi } = this.stage;
    const dice = this.world.dice.fork(`copy ${number}`);
    const way = dice.pick(['running', 'running', 'stopped', 'killed'] as const);
    const withDisk = dice.chance(0.5);
    let clients = startClients(this.world, CLIENTS, `load ${number}`);
    await sleep(dice.int(0, LONGEST_LOAD_MS));
    // a kill comes in the middle of the clients' requests
    if (way === 'killed') await strapi.kill();
    if (way !== 'running') await clients.stop();
    if (way === 'stopped') await strapi.stop();
    const appDir = await clone(strapi, { withDisk });
    const [copy] = await Promise.all([startClone(strapi, appDir), way === 'killed' ? strapi.restart() : undefined]);
    const vandal = new Vandal(this.world, copy, dice.fork('vandal'));
    const told = `copy ${number}, of a production that was ${way}${withDisk ? '' : ', without its disk'}`;
    try {
      for (let round = 1; round <= rounds && this.world.violations.length === 0; round++) {
        // production stays away for the first round, so that nobody else keeps the bucket
        const alone = way === 'stopped' && round === 1;
        if (!alone && !(way === 'running' && round === 1)) clients = startClients(this.world, CLIENTS, `load ${number}.${round}`);
        const actions = await this.#round(vandal, dice);
        if (!alone) await clients.stop();
        await sleep(SWEEP_MS);
        await this.#isReadOnly(copy);
        if (alone) await strapi.restart();
        const objects = await this.#check();
        this.options.say(`round ${done + round} of ${this.options.times} (${told}): ${actions} actions, ${objects} objects compared; ${this.world.violations.length} violation(s)`);
      }
    } finally {
      await clients.stop();
      if (this.world.violations.length > 0) this.options.say(logOf(copy));
      await (this.world.violations.length > 0 ? leave(copy) : copy.discard());
    }
  }

  async #round(vandal: Vandal, dice: Dice): Promise<number> {
    const actions = dice.int(ACTIONS.least, ACTIONS.most);
    for (let done = 0; done < actions; done++) await vandal.act();
    return actions;
  }

  /** A copy may only read, whatever its other reasons are, unless it has a part of the bucket to itself. */
  async #isReadOnly(copy: StrapiInstance): Promise<void> {
    const { body } = await copy.api<{ mode: string; reason: { code: string } | null; settings: { prefix: string } }>('GET', '/s3-storage/settings');
    const { prefix } = body.settings;
    this.world.count(`copy: at the end of a round ${body.mode} ${body.reason?.code ?? ''}${prefix && ` with the prefix ${prefix}`}`);
    if (body.mode === 'read-write' && prefix !== OWN_PREFIX) this.world.violated('the copy says that it may change the bucket');
  }

  /** Compares bucket, ledger and disk of production, and reads every file from it, while its clients rest. @returns the number of objects */
  async #check(): Promise<number> {
    const { world, stage } = this;
    await adoptLoose(world, this.books);
    await caughtUp(world, world.replicas[0]);
    const { body } = await stage.strapi.api<{ mode: string; reason: { code: string } | null }>('GET', '/s3-storage/settings');
    if (body.mode !== 'read-write') world.violated(`production is ${body.mode}: ${body.reason?.code}`);
    const objects = await this.#watch.look();
    await this.audit.liveNames(true);
    await this.audit.leftovers();
    if (world.violations.length === 0) await verifyAll(world);
    return objects;
  }
}

function logOf({ appDir, logs }: StrapiInstance): string {
  const own = logs().split('\n').filter((line) => line.includes('[s3-storage]'));
  return [`the copy: ${appDir}`, ...own.slice(-40)].join('\n');
}

/** The bucket without the objects of a prefix. */
function without(bucket: RawBucket, prefix: string): RawBucket {
  return {
    ...bucket,
    list: async (given) => (await bucket.list(given)).filter(({ key }) => !key.startsWith(prefix)),
    keys: async (given) => (await bucket.keys(given)).filter((key) => !key.startsWith(prefix)),
  };
}

import { sleep } from '../support/process';
import { openStage, type Stage } from '../support/stage';
import type { S3Kind } from '../support/s3';
import type { TestDatabase } from '../support/test-database';
import { verifyAll } from './at-rest';
import { Audit } from './audit';
import { startClients } from './clients';
import { diceOf, type Dice } from './dice';
import { openBooks, type Books } from './ledger-rows';
import { adoptLoose, caughtUp } from './loose-ends';
import { upload } from './operations';
import { report, type Say } from './report';
import { sabotage } from './sabotage';
import { prepare } from './prepare';
import { ROUGH, startWeather } from './weather';
import { World, type Replica } from './world';

export interface KillsOptions {
  times: number;
  seed: string;
  s3?: S3Kind;
  database: TestDatabase;
  /** Whether to damage files behind the server's back before the last look. The campaign must notice. */
  sabotage: boolean;
  say: Say;
}

const CLIENTS = 6;
const MOST_WRITES = 60;
/** The longest load of one round, in milliseconds. Without it an outage in which every write waits would make a round long. */
const LONGEST_LOAD_MS = 5_000;
const LONGEST_PARTS_MS = 10_000;
/** A file goes to S3 in parts every five rounds. By turns Strapi acknowledges it before the kill, and probably does not. */
const PARTS_EVERY = 5;

/**
 * Kills a Strapi again and again, under load and with troubles on the way to S3, and looks after each start for every acknowledged
 * byte.
 * @returns the exit code
 */
export async function runKills(options: KillsOptions): Promise<number> {
  const { times, seed, say } = options;
  const stage = await openStage({ database: options.database, s3: options.s3 });
  let code = 1;
  try {
    await prepare(stage);
    const replica: Replica = { name: 'strapi', strapi: stage.strapi };
    const world = new World([replica], diceOf(seed), 0);
    const books = openBooks(stage.strapi);
    const audit = new Audit(world, books, stage.bucket, stage.s3.kind === 'embedded');
    try {
      for (let kill = 1; kill <= times && world.violations.length === 0; kill++) {
        say(`kill ${kill}/${times}: ${await round({ stage, world, replica, books, audit, number: kill })}`);
      }
      if (world.violations.length === 0) await finish(options, stage, world, books, audit);
      code = await report(world, audit, say);
    } finally {
      await books.close();
    }
    return code;
  } finally {
    await stage.close(code !== 0 && !options.sabotage);
  }
}

interface Round {
  stage: Stage;
  world: World;
  replica: Replica;
  books: Books;
  audit: Audit;
  number: number;
}

async function round({ stage, world, replica, books, audit, number }: Round): Promise<string> {
  const { strapi, proxy } = stage;
  const dice = world.dice.fork(`kill ${number}`);
  const before = acknowledged(world);
  const started = performance.now();
  const weather = startWeather(proxy, ROUGH, dice.fork('weather'), (fault) => world.count(`fault: ${fault}`));
  const clients = startClients(world, CLIENTS, `kill ${number}`);
  const large = number % PARTS_EVERY === 2 ? upload(world, replica, ['parts']) : undefined;
  if (number % 2 === 0) await Promise.race([large, sleep(LONGEST_PARTS_MS)]);
  const moment = await killMoment(stage, dice, () => acknowledged(world) - before);
  const { inFlight } = world;
  const loadMs = performance.now() - started;
  await strapi.kill();
  await Promise.all([clients.stop(), large]);
  await weather.end();
  const killed = performance.now();
  await strapi.restart();
  const booted = performance.now();
  await adoptLoose(world, books);
  const rows = await audit.liveNames();
  const { files, bytes } = await verifyAll(world);
  await audit.tickets();
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return [
    `after ${seconds(loadMs)} (${moment})`,
    `${acknowledged(world) - before} writes acknowledged, ${inFlight} requests in flight`,
    `start ${seconds(booted - killed)}`,
    `verified ${files} files (${(bytes / 2 ** 20).toFixed(1)} MiB) and ${rows} ledger rows in ${seconds(performance.now() - booted)}`,
  ].join('; ');
}

const acknowledged = (world: World): number => ['upload', 'replace', 'delete'].reduce((sum, what) => sum + world.counted(`${what} acknowledged`), 0);

/**
 * Waits for some writes, so that a slow machine gets its share of them, too. Then it waits for any moment, or for one at which a
 * request to S3 is on its way, because the steps of a write lie there.
 */
async function killMoment({ proxy }: Stage, dice: Dice, done: () => number): Promise<string> {
  const writes = dice.int(1, MOST_WRITES);
  const latest = performance.now() + LONGEST_LOAD_MS;
  while (done() < writes && performance.now() < latest) await sleep(10);
  await sleep(dice.int(0, 300));
  if (dice.chance(0.4)) return 'at any time';
  const method = dice.pick(['PUT', 'PUT', 'HEAD']);
  const delayMs = dice.pick([0, 2, 5, 10, 30]);
  const arrived = await new Promise<boolean>((resolve) => {
    const unwatch = proxy.watch((request) => {
      if (request.method !== method) return;
      unwatch();
      resolve(true);
    });
    // an outage may last longer than the campaign wants to wait
    setTimeout(() => (unwatch(), resolve(false)), 1_500);
  });
  if (!arrived) return 'at any time';
  await sleep(delayMs);
  return `${delayMs} ms after a ${method}`;
}

async function finish(options: KillsOptions, { proxy, bucket }: Stage, world: World, books: Books, audit: Audit): Promise<void> {
  await proxy.settled();
  await caughtUp(world, world.replicas[0]);
  if (options.sabotage) await sabotage(world, books, bucket);
  const rows = await audit.liveNames(true);
  await audit.leftovers();
  // violations that the observer has found need no second witness
  if (world.violations.length > 0) return;
  const { files, bytes } = await verifyAll(world);
  options.say(`at the end: ${files} files (${(bytes / 2 ** 20).toFixed(1)} MiB) and ${rows} ledger rows verified, all in S3, nothing left over`);
}

import { sleep } from '../support/process';
import type { S3Kind } from '../support/s3';
import { leave, openStage, type Stage } from '../support/stage';
import { startStrapi } from '../support/strapi';
import type { TestDatabase } from '../support/test-database';
import { verifyAll } from './at-rest';
import { Audit } from './audit';
import { startClients } from './clients';
import { diceOf } from './dice';
import { openBooks, type Books } from './ledger-rows';
import { adoptLoose, caughtUp } from './loose-ends';
import { prepare } from './prepare';
import { report, type Say } from './report';
import { sabotage } from './sabotage';
import { startWeather, WILD } from './weather';
import { World, type Replica } from './world';

export interface ReplicasOptions {
  seconds: number;
  seed: string;
  s3?: S3Kind;
  /** A database on a server, because several processes share it. */
  database: TestDatabase;
  /** Whether to damage files behind the servers' backs before the last look. The campaign must notice. */
  sabotage: boolean;
  say: Say;
}

const OTHERS = ['b', 'c'];
const CLIENTS_EACH = 4;
/** Promise P2 in `docs/design.md` allows 2 seconds; the rest is for two clocks that are read at different moments. */
const LAG_MS = 2_050;
const TOLD_EVERY_MS = 10_000;

/**
 * Runs three Strapi processes on one database, each with its own disk, under load and with troubles of all kinds on the way to S3.
 * No read may show bytes that its replica must know to be old. Then, when S3 is healthy, all replicas must show the same.
 * @returns the exit code
 */
export async function runReplicas(options: ReplicasOptions): Promise<number> {
  const { seed, say } = options;
  const stage = await openStage({ database: options.database, s3: options.s3 });
  const replicas: [Replica, ...Replica[]] = [{ name: 'a', strapi: stage.strapi }];
  let code = 1;
  try {
    await prepare(stage);
    // they start one after the other, because each looks whether the tables are there
    for (const name of OTHERS) replicas.push({ name, strapi: await startStrapi({ database: options.database, secrets: stage.strapi.secrets }) });
    const world = new World(replicas, diceOf(seed), LAG_MS);
    const books = openBooks(stage.strapi);
    const audit = new Audit(world, books, stage.bucket, stage.s3.kind === 'embedded');
    try {
      await load(options, stage, world);
      await finish(options, stage, world, books, audit);
      code = await report(world, audit, say);
    } finally {
      await books.close();
    }
    return code;
  } finally {
    const keep = code !== 0 && !options.sabotage;
    for (const { strapi } of replicas.slice(1)) await (keep ? leave(strapi) : strapi.discard());
    await stage.close(keep);
  }
}

async function load({ seconds, say }: ReplicasOptions, { proxy }: Stage, world: World): Promise<void> {
  const weather = startWeather(proxy, WILD, world.dice.fork('weather'), (fault) => world.count(`fault: ${fault}`));
  const clients = startClients(world, CLIENTS_EACH, 'replicas');
  const end = performance.now() + seconds * 1000;
  for (let left = seconds * 1000; left > 0; left = end - performance.now()) {
    await sleep(Math.min(left, TOLD_EVERY_MS));
    const writes = ['upload', 'replace', 'delete'].map((what) => `${world.counted(`${what} acknowledged`)} ${what}s`);
    say(`${writes.join(', ')} acknowledged, ${world.counted('read answered')} reads answered; ${world.violations.length} violation(s)`);
  }
  await clients.stop();
  await weather.end();
}

async function finish(options: ReplicasOptions, { proxy, bucket }: Stage, world: World, books: Books, audit: Audit): Promise<void> {
  await proxy.settled();
  for (const replica of world.replicas) await caughtUp(world, replica);
  await adoptLoose(world, books);
  await sleep(LAG_MS);
  if (options.sabotage) await sabotage(world, books, bucket);
  const rows = await audit.liveNames(true);
  await audit.leftovers();
  // violations that the observer has found need no second witness
  if (world.violations.length > 0) return;
  const { files, bytes } = await verifyAll(world);
  await audit.tickets();
  options.say(`at the end: ${files} files (${(bytes / 2 ** 20).toFixed(1)} MiB read from ${world.replicas.length} replicas) and ${rows} ledger rows verified, all in S3, nothing left over`);
}

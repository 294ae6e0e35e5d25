import { existsSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from '../tests/support/build';
import { observeDatabase } from '../tests/support/observe-ledger';
import { removeFolder, tempFolder, which } from '../tests/support/process';
import { rawBucket } from '../tests/support/raw-s3';
import { startS3, type S3Server } from '../tests/support/s3';
import type { S3Kind } from '../tests/support/s3-servers/server';
import { startStrapi, type StrapiInstance } from '../tests/support/strapi';
import { farAway } from './far-away';
import { fillLibrary, type FileSet } from './migration-library';
import { costOf, type ProcessCost } from './process-cost';

export interface MigrationOptions {
  readonly sets: readonly FileSet[];
  /** Files sent at once, by all. */
  readonly concurrency: number;
  readonly rounds: number;
  readonly s3: S3Kind | undefined;
  /** Milliseconds to the server and back; 0: it is on this machine. */
  readonly latencyMs: number;
  readonly json: boolean;
}

/** The only way to say how many requests it makes at once. */
const AWS_CONFIG = 'aws.ini';

/** `work`: the part of a command's time in which files were moved; a whole Strapi boots before it. */
type Cost = Pick<ProcessCost, 'seconds' | 'peakMb' | 'memoryMb'> & { readonly workSeconds: number; readonly workCpuSeconds: number };
type Tool = 'strapi-plugin-s3-storage' | 'rclone copy' | 'aws s3 sync' | 'the AWS SDK alone';
interface Result {
  readonly set: FileSet;
  readonly server: string;
  readonly latencyMs: number;
  readonly concurrency: number;
  readonly tools: Partial<Record<Tool, Cost>>;
}

/**
 * The same files to the same server, by this plugin's command, `rclone copy` and `aws s3 sync`; and by nothing but the SDK's client,
 * which no command that uses it can be quicker than. Prints a table, or JSON.
 */
export async function benchMigration(options: MigrationOptions): Promise<void> {
  const server = await startS3(options.s3, (line) => console.error(line));
  const results: Result[] = [];
  try {
    for (const set of options.sets) results.push(await measured(set, server, options));
  } finally {
    await server.stop();
  }
  if (options.json) console.log(JSON.stringify(results, null, 2));
  else for (const result of results) print(result);
}

async function measured(set: FileSet, server: S3Server, { concurrency, rounds, latencyMs }: MigrationOptions): Promise<Result> {
  const strapi = await startStrapi({ env: {} });
  await strapi.stop();
  const db = observeDatabase(strapi);
  await fillLibrary(db, strapi.uploadsDir, set).finally(() => db.destroy());
  const pristine = await tempFolder('bench-migration');
  await writeFile(path.join(path.dirname(strapi.databaseFile ?? ''), AWS_CONFIG), `[default]\ns3 =\n  max_concurrent_requests = ${concurrency}\n`);
  await cp(path.dirname(strapi.databaseFile ?? ''), pristine, { recursive: true });
  const way = latencyMs > 0 ? await farAway(server.endpoint, latencyMs) : undefined;
  try {
    const costs: Partial<Record<Tool, Cost[]>> = {};
    for (let round = 0; round < rounds; round++) {
      for (const [tool, command] of Object.entries(commands(strapi, { ...server, endpoint: way?.endpoint ?? server.endpoint }, concurrency)) as [Tool, Command][]) {
        if (!command.program) {
          console.error(`${tool} is not installed: left out`);
          continue;
        }
        // each round begins with the same database, and with an empty bucket
        await cp(pristine, path.dirname(strapi.databaseFile ?? ''), { recursive: true, force: true });
        const bucket = await server.createBucket();
        console.error(`${set.count} × ${set.size} bytes, round ${round + 1}: ${tool}`);
        const cost = await costOf(command.program, command.args(bucket), { cwd: strapi.appDir, env: command.env(bucket) });
        await checked(server, bucket, set);
        (costs[tool] ??= []).push(costOfWork(cost, command));
      }
    }
    const medians = Object.fromEntries(Object.entries(costs).map(([tool, all]) => [tool, medianOf(all)]));
    return { set, server: server.label, latencyMs, concurrency, tools: medians };
  } finally {
    await way?.close();
    await removeFolder(pristine);
    await strapi.discard();
  }
}

function costOfWork({ seconds, cpuSeconds, cpuSecondsSince, peakMb, memoryMb, stdout }: ProcessCost, { saysWhen }: Command): Cost {
  const common = { seconds, peakMb, memoryMb };
  if (!saysWhen) return { ...common, workSeconds: seconds, workCpuSeconds: cpuSeconds };
  const { run } = JSON.parse(stdout) as { run: { startedAt: string; endedAt: string } };
  const [from, to] = [Date.parse(run.startedAt), Date.parse(run.endedAt)];
  return { ...common, workSeconds: (to - from) / 1000, workCpuSeconds: cpuSecondsSince(from) };
}

/** A tool that has left something out has not been quick. */
async function checked(server: S3Server, name: string, { count, size }: FileSet): Promise<void> {
  const bucket = rawBucket(server, name);
  const objects = await bucket.list().finally(() => bucket.close());
  const whole = objects.filter((object) => object.size === size && object.key.endsWith('.bin'));
  if (whole.length !== count) throw new Error(`${whole.length} of ${count} objects are in the bucket`);
}

interface Command {
  readonly program: string | null;
  args(bucket: string): string[];
  env(bucket: string): NodeJS.ProcessEnv;
  /** It prints when its run began and ended. */
  readonly saysWhen?: true;
}

function commands(strapi: StrapiInstance, server: Pick<S3Server, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>, concurrency: number): Record<Tool, Command> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  // what this machine sets for Amazon is not meant for this server
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|RCLONE|S3_STORAGE)_/.test(name)));
  const credentials = { ...inherited, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_DEFAULT_REGION: region };
  const debian = (name: string) => (existsSync(`/usr/bin/${name}`) ? `/usr/bin/${name}` : which(name));
  return {
    'strapi-plugin-s3-storage': {
      program: process.execPath,
      args: () => [path.join(ROOT, 'bin/strapi-plugin-s3-storage.js'), 'upload', '--json', '--concurrency', String(concurrency)],
      env: (bucket) => ({
        ...inherited,
        ...strapi.environment,
        NODE_ENV: 'production',
        STRAPI_TELEMETRY_DISABLED: 'true',
        S3_STORAGE_PROVIDER: 'other',
        S3_STORAGE_BUCKET: bucket,
        S3_STORAGE_REGION: region,
        S3_STORAGE_ENDPOINT: endpoint,
        S3_STORAGE_FORCE_PATH_STYLE: 'true',
        S3_STORAGE_ACCESS_KEY_ID: accessKeyId,
        S3_STORAGE_SECRET_ACCESS_KEY: secretAccessKey,
      }),
      saysWhen: true,
    },
    'rclone copy': {
      program: debian('rclone'),
      args: (bucket) => [
        'copy', strapi.uploadsDir, `:s3:${bucket}`, '--exclude', '/.s3-storage/**', '--exclude', '/.gitkeep',
        '--transfers', String(concurrency), '--checkers', String(concurrency), '--s3-provider', 'Other', '--s3-endpoint', endpoint,
        '--s3-region', region, '--s3-env-auth', '--s3-force-path-style',
      ],
      env: () => ({ ...credentials, RCLONE_CONFIG: '/dev/null' }),
    },
    'aws s3 sync': {
      program: debian('aws'),
      args: (bucket) => [
        's3', 'sync', strapi.uploadsDir, `s3://${bucket}`, '--endpoint-url', endpoint, '--exclude', '.s3-storage/*', '--exclude', '.gitkeep', '--no-progress', '--only-show-errors',
      ],
      env: () => ({ ...credentials, AWS_CONFIG_FILE: path.join(path.dirname(strapi.databaseFile ?? ''), AWS_CONFIG) }),
    },
    'the AWS SDK alone': {
      program: process.execPath,
      args: (bucket) => ['--import', 'tsx', path.join(ROOT, 'bench/sdk-alone.ts'), strapi.uploadsDir, bucket, String(concurrency), endpoint, region],
      env: () => credentials,
      saysWhen: true,
    },
  };
}

function medianOf(costs: readonly Cost[]): Cost {
  const sorted = [...costs].sort((a, b) => a.workSeconds - b.workSeconds);
  return sorted[Math.floor((sorted.length - 1) / 2)] as Cost;
}

function print({ set, server, latencyMs, concurrency, tools }: Result): void {
  const away = latencyMs > 0 ? `, ${latencyMs} ms away` : '';
  console.log(`\n${set.count} files of ${set.size} bytes, ${concurrency} at once, ${server}${away}`);
  const own = tools['strapi-plugin-s3-storage'];
  const ratio = (part: number | undefined, whole: number) => (part === undefined ? '' : `${(whole / part).toFixed(2)} ×`);
  const line = (...cells: string[]) => console.log(cells.map((cell, index) => (index === 0 ? cell.padEnd(26) : cell.padStart(11))).join(''));
  line('', 'wall s', 'to ours', 'CPU s', 'with boot', 'peak MB', 'mid → end');
  for (const [tool, cost] of Object.entries(tools)) {
    const { middle, end } = cost.memoryMb;
    line(tool, cost.workSeconds.toFixed(1), ratio(own?.workSeconds, cost.workSeconds), cost.workCpuSeconds.toFixed(1), cost.seconds.toFixed(1), cost.peakMb.toFixed(0), `${middle.toFixed(0)} → ${end.toFixed(0)}`);
  }
}

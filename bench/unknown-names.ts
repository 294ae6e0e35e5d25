import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { textFile } from '../tests/support/images';
import { observeDatabase } from '../tests/support/observe-ledger';
import { openStage, type Stage } from '../tests/support/stage';
import { timed, type Timing } from './measure';

const PROBES = 200;
/** Visitors who ask for names that nobody knows while a known file is measured. */
const STRANGERS = 5;
const CHUNK = 500;

export interface UnknownNamesOptions {
  readonly files: number;
  readonly json: boolean;
}

interface Line {
  readonly what: string;
  readonly timing: Timing;
  /** How many times as long as the first line of its group. */
  readonly ratio: number;
}

/**
 * Measures a request for a name that nobody knows in a large media library on SQLite, and requests for known files
 * meanwhile: beside the same Strapi before the plugin was configured, in one run.
 */
export async function benchUnknownNames({ files, json }: UnknownNamesOptions): Promise<void> {
  const stage = await openStage({ database: { client: 'sqlite' } });
  try {
    const [stored] = await stage.strapi.upload([textFile('known.txt', 'k'.repeat(1_000))]);
    await fill(stage, files);
    const known = stored?.url ?? '';
    const plain = { known: await asked(stage, () => known), unknown: await asked(stage, plainName) };
    if ((await stage.configure()) !== 'read-write') throw new Error('the plugin does not reach its S3 server');
    const [inS3] = await stage.strapi.upload([textFile('in-s3.txt', 'k'.repeat(1_000))]);
    const ready = performance.now();
    await stage.eventually('the library was gone through', async () => (await fetch(`${stage.strapi.url}${plainName()}`)).status === 404, 300_000);
    const firstLookSeconds = (performance.now() - ready) / 1000;
    const served = inS3?.url ?? '';
    const groups: Line[][] = [
      lines([
        ['unknown name, plugin not configured', plain.unknown],
        ['unknown name', await asked(stage, plainName)],
        ['unknown name of 1 kB with many dots and underscores', await asked(stage, hostileName)],
      ]),
      lines([
        ['known file, plugin not configured (disk)', plain.known],
        ['known file (S3)', await asked(stage, () => served)],
        [`known file (S3) while ${STRANGERS} visitors ask for unknown names`, await besides(stage, plainName, () => asked(stage, () => served))],
        [`known file (S3) while ${STRANGERS} visitors ask for such names of 1 kB`, await besides(stage, hostileName, () => asked(stage, () => served))],
      ]),
    ];
    if (json) console.log(JSON.stringify({ files, firstLookSeconds, lines: groups.flat() }, null, 2));
    else print(files, firstLookSeconds, groups);
  } finally {
    await stage.close();
  }
}

let drawn = 0;
const plainName = () => `/uploads/img_${(drawn++).toString(36)}_${'0'.repeat(10)}.jpg`;
const hostileName = () => `/uploads/a${`_${(drawn++ % 36).toString(36)}.`.repeat(339)}${drawn}`;

async function asked(stage: Stage, path: () => string): Promise<Timing> {
  return timed(PROBES, async () => {
    const answer = await fetch(`${stage.strapi.url}${path()}`);
    await answer.arrayBuffer();
    if (answer.status >= 500) throw new Error(`answered ${answer.status}`);
  });
}

async function besides(stage: Stage, path: () => string, work: () => Promise<Timing>): Promise<Timing> {
  let isOver = false;
  const strangers = Array.from({ length: STRANGERS }, async () => {
    while (!isOver) {
      // too many at once are told to come back, which is an answer as well
      await (await fetch(`${stage.strapi.url}${path()}`)).arrayBuffer();
      await sleep(1);
    }
  });
  try {
    return await work();
  } finally {
    isOver = true;
    await Promise.all(strangers);
  }
}

/** Images with the formats that Strapi makes, as they lie in the table. */
async function fill(stage: Stage, files: number): Promise<void> {
  const connection: Knex = observeDatabase(stage.strapi);
  try {
    for (let from = 0; from < files; from += CHUNK) {
      await connection('files').insert(Array.from({ length: Math.min(CHUNK, files - from) }, (_, index) => row(from + index)));
    }
  } finally {
    await connection.destroy();
  }
}

function row(number: number) {
  const hash = `photo_${number}_0123456789`;
  const part = (format: string) => ({ name: `${format}_photo.jpg`, hash: `${format}_${hash}`, ext: '.jpg', mime: 'image/jpeg', path: null, width: 500, height: 300, size: 30.5, sizeInBytes: 30_500, url: `/uploads/${format}_${hash}.jpg` });
  const formats = Object.fromEntries(['thumbnail', 'small', 'medium', 'large'].map((format) => [format, part(format)]));
  return { name: 'photo.jpg', hash, ext: '.jpg', mime: 'image/jpeg', size: 200, url: `/uploads/${hash}.jpg`, provider: 'local', formats: JSON.stringify(formats), created_at: 0, updated_at: 0 };
}

function lines(group: readonly (readonly [what: string, timing: Timing])[]): Line[] {
  const first = group[0]?.[1].median ?? 1;
  return group.map(([what, timing]) => ({ what, timing, ratio: timing.median / first }));
}

function print(files: number, firstLookSeconds: number, groups: readonly Line[][]): void {
  console.log(`${files} files in the media library (SQLite); gone through once in the background, in ${firstLookSeconds.toFixed(1)} s\n`);
  for (const group of groups) {
    console.log('| | median ms | p95 ms | ratio |\n|---|---|---|---|');
    for (const { what, timing, ratio } of group) console.log(`| ${what} | ${timing.median.toFixed(2)} | ${timing.p95.toFixed(2)} | ${ratio.toFixed(2)} |`);
    console.log('');
  }
}

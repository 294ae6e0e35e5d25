import { knexLedger } from '../server/src/adapters/database/knex-ledger';
import { knexTransactions } from '../server/src/adapters/database/transactions';
import type { ObjectKey, VolumeId } from '../server/src/core/keys';
import type { Ledger } from '../server/src/core/ledger/ledger';
import type { Claim } from '../server/src/core/ledger/words';
import type { TestDatabase } from '../tests/support/sql';
import { postgres, sqlite, type BenchDatabase } from './ledger-database';
import { fill, keyOfRow, VOLUME } from './ledger-rows';
import { rssMb, timed, type Timing } from './measure';

const SMALL = 10_000;
const MINUTE = 60_000;
const uploads: Claim = { work: 'upload', volume: VOLUME as VolumeId, origin: 'library', limit: 100 };

type What = 'claim(100)' | 'tallies' | 'find' | 'begin + publish' | 'record(100)' | 'fold' | 'recount';

interface Result {
  readonly database: BenchDatabase['name'];
  readonly rows: number;
  /** RSS growth while up to 100,000 rows were claimed, in MB. */
  readonly claimGrowthMb: number;
  readonly timings: Readonly<Record<What, Timing>>;
}

/** The ledger's work on a small table and on a large one, in one run. Prints a table, or JSON. */
export async function benchLedger(rows: number, json: boolean): Promise<void> {
  const results: Result[] = [];
  const server = await postgres();
  if (!server) console.error('PostgreSQL is not installed: left out');
  for (const database of [await sqlite(), server]) {
    if (!database) continue;
    try {
      for (const size of [SMALL, rows]) results.push(await measured(database, size));
    } finally {
      await database.stop();
    }
  }
  if (json) console.log(JSON.stringify(results, null, 2));
  else for (const { name } of [{ name: 'SQLite' }, { name: 'PostgreSQL' }]) print(results.filter(({ database }) => database === name));
}

async function measured(kind: BenchDatabase, rows: number): Promise<Result> {
  const database: TestDatabase = await kind.open();
  try {
    const ledger = knexLedger(knexTransactions(database.knex, database.schema));
    await fill(database.knex, rows);
    await ledger.recount();
    const timings = {
      find: await timed(200, (run) => ledger.find(keyOfRow((run * 7919) % rows))),
      tallies: await timed(50, () => ledger.tallies()),
      'begin + publish': await timed(100, (run) => write(ledger, `new-${run}.jpg`)),
      'record(100)': await timed(20, (run) => ledger.record(page(run))),
      'claim(100)': await timed(50, () => ledger.claim(uploads, 60 * MINUTE)),
      fold: await timed(5, () => ledger.foldTallies(), async (run) => {
        for (let index = 0; index < 20; index++) await write(ledger, `fold-${run}-${index}.jpg`);
      }),
      recount: await timed(3, () => ledger.recount()),
    };
    return { database: kind.name, rows, claimGrowthMb: await claimedThrough(ledger), timings };
  } finally {
    await database.close();
  }
}

async function write(ledger: Ledger, name: string): Promise<void> {
  const intent = await ledger.begin({ kind: 'object', key: name as ObjectKey, locationId: 1, prefix: '', plainFree: true });
  const content = { size: 1000, md5: 'd41d8cd98f00b204e9800998ecf8427e', etag: null, mime: null };
  await ledger.publish([{ intent, ...content }], { condemnObjects: true });
}

function page(run: number): Parameters<Ledger['record']>[0] {
  return Array.from({ length: 100 }, (_, index) => {
    const name = `recorded-${run}-${index}.jpg`;
    return { key: name as ObjectKey, local: { volume: 'another' as VolumeId, localName: name as never }, size: 1 };
  });
}

/** @returns how much memory it took to claim row after row, in MB */
async function claimedThrough(ledger: Ledger): Promise<number> {
  const before = rssMb();
  for (let claims = 0; claims < 200; claims++) await ledger.claim({ ...uploads, limit: 500 }, 60 * MINUTE);
  return rssMb() - before;
}

function print(results: readonly Result[]): void {
  const [small, large] = results;
  if (!small || !large) return;
  console.log(`\n${large.database}, milliseconds`);
  console.table(
    Object.fromEntries(
      Object.entries(large.timings).map(([what, { median, p95 }]) => {
        const base = small.timings[what as What];
        const ratio = (median / base.median).toFixed(1);
        const row = { [`${small.rows} rows`]: base.median.toFixed(2), [`${large.rows} rows`]: median.toFixed(2) };
        return [what, { ...row, p95: p95.toFixed(2), 'large / small': ratio }];
      }),
    ),
  );
  console.log(`memory while 100,000 rows were claimed: ${large.claimGrowthMb.toFixed(0)} MB more`);
}

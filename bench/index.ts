/**
 * npm run bench -- <what>: measures, on this machine.
 *   ledger    [--rows 1000000]
 *   migration [--files 10000] [--large 100] [--concurrency 8] [--rounds 1] [--s3 minio|rgw|embedded] [--latency 0]
 *             latency: milliseconds there and back, as to a server that is not on this machine
 *   jobs [--files 30000] [--size 4000] [--latency 0] [--s3 minio|rgw|embedded]
 *             all jobs in a Strapi that serves: files per second, memory, and how long the event loop was held up
 *   unknown-names [--files 200000]
 *             requests for names that nobody knows, in a media library of so many files, and known files meanwhile
 *   reads [--size 50000] [--connections 16] [--seconds 8] [--rounds 1] [--s3 minio|rgw|embedded]
 *             requests for files of that size in bytes, beside Strapi's own static route and a handler on the SDK; needs wrk
 *   resident [--requests 100000] [--slow 200] [--s3 minio|rgw|embedded]
 *             memory of a Strapi with and without the plugin, after that number of reads and with that number of slow readers; needs wrk
 *   uploads [--runs 20] [--latency 0] [--only document,image,…] [--s3 minio|rgw|embedded]
 *             uploads beside the official provider and Strapi's own disk
 *   chart RESULT.json…
 *             draws the results of `uploads --json` as an SVG
 * All others print a table, and with --json what is in it.
 */
import { parseArgs } from 'node:util';
import { oneOf, positive, runCommand } from '../scripts/command';
import { S3_KINDS } from '../tests/support/s3-servers/server';
import { chartOf } from './chart';
import { benchJobs } from './jobs';
import { benchLedger } from './ledger';
import { benchMigration } from './migration';
import { benchReads } from './reads';
import { benchResident } from './resident';
import { benchUnknownNames } from './unknown-names';
import { benchUploads } from './uploads';

const options = {
  rows: { type: 'string', default: '1000000' },
  files: { type: 'string' },
  large: { type: 'string', default: '100' },
  concurrency: { type: 'string', default: '8' },
  rounds: { type: 'string', default: '1' },
  s3: { type: 'string' },
  latency: { type: 'string', default: '0' },
  size: { type: 'string' },
  connections: { type: 'string', default: '16' },
  seconds: { type: 'string', default: '8' },
  requests: { type: 'string', default: '100000' },
  slow: { type: 'string', default: '200' },
  runs: { type: 'string', default: '20' },
  only: { type: 'string', default: '' },
  json: { type: 'boolean', default: false },
} as const;

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  const [what, ...files] = positionals;
  if (what === 'ledger') {
    const rows = positive('rows', values.rows);
    if (rows < 10_000) throw new Error(`--rows ${values.rows}: a whole number from 10000`);
    await benchLedger(rows, values.json);
  } else if (what === 'migration') {
    await benchMigration({
      sets: [
        { name: 'small', count: positive('files', values.files ?? '10000'), size: 20_000 },
        { name: 'large', count: positive('large', values.large), size: 5_000_000 },
      ],
      concurrency: positive('concurrency', values.concurrency),
      rounds: positive('rounds', values.rounds),
      s3: oneOf('s3', values.s3, S3_KINDS),
      latencyMs: values.latency === '0' ? 0 : positive('latency', values.latency),
      json: values.json,
    });
  } else if (what === 'unknown-names') {
    await benchUnknownNames({ files: positive('files', values.files ?? '200000'), json: values.json });
  } else if (what === 'jobs') {
    const latencyMs = values.latency === '0' ? 0 : positive('latency', values.latency);
    await benchJobs({ files: positive('files', values.files ?? '30000'), size: positive('size', values.size ?? '4000'), latencyMs, s3: oneOf('s3', values.s3, S3_KINDS), json: values.json });
  } else if (what === 'resident') {
    await benchResident({ requests: positive('requests', values.requests), slow: positive('slow', values.slow), s3: oneOf('s3', values.s3, S3_KINDS), json: values.json });
  } else if (what === 'chart') {
    console.log(await chartOf(files));
  } else if (what === 'uploads') {
    const latencyMs = values.latency === '0' ? 0 : positive('latency', values.latency);
    const only = values.only.split(',').filter((name) => name !== '');
    await benchUploads({ runs: positive('runs', values.runs), latencyMs, only, s3: oneOf('s3', values.s3, S3_KINDS), json: values.json });
  } else if (what === 'reads') {
    const [size, connections, seconds] = [positive('size', values.size ?? '50000'), positive('connections', values.connections), positive('seconds', values.seconds)];
    await benchReads({ size, connections, seconds, rounds: positive('rounds', values.rounds), s3: oneOf('s3', values.s3, S3_KINDS), json: values.json });
  } else {
    throw new Error(`${what ?? 'nothing'} to measure: use chart, jobs, ledger, migration, reads, resident, unknown-names or uploads`);
  }
  return 0;
}

runCommand(main);

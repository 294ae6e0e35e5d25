/** npm run bench -- <what>: measures, on this machine. `ledger [--rows 1000000] [--json]` */
import { parseArgs } from 'node:util';
import { runCommand } from '../scripts/command';
import { benchLedger } from './ledger';

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { rows: { type: 'string', default: '1000000' }, json: { type: 'boolean', default: false } },
  });
  const rows = Number(values.rows);
  if (!Number.isInteger(rows) || rows < 10_000) throw new Error(`--rows ${values.rows}: a whole number from 10000`);
  const [what] = positionals;
  if (what !== 'ledger') throw new Error(`${what ?? 'nothing'} to measure: use ledger`);
  await benchLedger(rows, values.json);
  return 0;
}

runCommand(main);

/**
 * npm run verify:histories -- [--runs N] [--seed S] [--copies] [--path P]
 *
 * Plays random histories against the storage engine and a simulated outside, and looks for one that breaks a promise.
 * Exits with 1 and shows the shortest such history if there is one. The same seed plays the same histories; `--path`, which
 * is printed with what was found, goes straight to it. `--copies` plays only histories in which the server is copied, restored and moved; without
 * it both kinds are played.
 */
import { parseArgs } from 'node:util';

import { search } from '../tests/simulation/search';
import { runCommand, wholeNumber } from './command';

/** Number of plain histories for each one with copies of the server, which takes several times as long. */
const ONE_COPY_IN = 8;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' }, path: { type: 'string' }, copies: { type: 'boolean' } } });
  const runs = wholeNumber('runs', values.runs, 2_000);
  const seed = wholeNumber('seed', values.seed, Date.now() % 2 ** 31);
  if (values.copies || values.path !== undefined) return play(runs, seed, values.copies === true, values.path);
  return (await play(runs, seed, false)) || play(Math.ceil(runs / ONE_COPY_IN), seed, true);
}

async function play(runs: number, seed: number, copies: boolean, path?: string): Promise<number> {
  const what = copies ? 'histories with copies of the server' : 'histories';
  const began = performance.now();
  const result = await search({
    runs,
    seed,
    copies,
    path,
    played: (count) => {
      if (process.stdout.isTTY && count % 100 === 0) process.stdout.write(`\r${count} of ${runs} ${what}`);
    },
    broken: (violation) => console.log(`BROKEN: ${violation}\nlooking for a shorter history, for up to two minutes (seed ${seed}) ...`),
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (process.stdout.isTTY) process.stdout.write('\r');
  const { found } = result;
  if (found) {
    console.log(`BROKEN: ${found.violation}, in the shortest history that was found\n`);
    console.log(found.log.map((line) => `  ${line}`).join('\n'));
    console.log(`\n${JSON.stringify(found.history)}`);
    console.log(`\nnpm run verify:histories -- --seed ${seed}${copies ? ' --copies' : ''} --path ${found.path}`);
    return 1;
  }
  console.log(`${result.runs} ${what}, ${result.steps} steps, ${result.acknowledged} acknowledged requests, in ${seconds} s; seed ${seed}`);
  for (const [fault, times] of [...result.faults].sort()) console.log(`  ${fault.padEnd(24)} ${times}`);
  console.log('no promise was broken');
  return 0;
}

runCommand(main);

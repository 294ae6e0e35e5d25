/**
 * npm run verify:histories -- [--runs N] [--seed S] [--path P]
 *
 * Plays random histories against the storage engine and a simulated outside, and looks for one that breaks a promise.
 * Exits with 1 and shows the shortest such history if there is one. The same seed plays the same histories; `--path`, which
 * is printed with what was found, goes straight to it.
 */
import { parseArgs } from 'node:util';

import { search } from '../tests/simulation/search';
import { runCommand, wholeNumber } from './command';

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' }, path: { type: 'string' }, copies: { type: 'boolean' } } });
  const runs = wholeNumber('runs', values.runs, 2_000);
  const seed = wholeNumber('seed', values.seed, Date.now() % 2 ** 31);
  const began = performance.now();
  const result = await search({
    runs,
    seed,
    copies: values.copies,
    path: values.path,
    played: (count) => {
      if (process.stdout.isTTY && count % 100 === 0) process.stdout.write(`\r${count} of ${runs} histories`);
    },
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (process.stdout.isTTY) process.stdout.write('\r');
  const { found } = result;
  if (found) {
    console.log(`BROKEN: ${found.violation}\n`);
    console.log(found.log.map((line) => `  ${line}`).join('\n'));
    console.log(`\n${JSON.stringify(found.history)}`);
    console.log(`\nnpm run verify:histories -- --seed ${seed} --path ${found.path}`);
    return 1;
  }
  console.log(`${result.runs} histories, ${result.steps} steps, ${result.acknowledged} acknowledged requests, in ${seconds} s; seed ${seed}`);
  for (const [fault, times] of [...result.faults].sort()) console.log(`  ${fault.padEnd(24)} ${times}`);
  console.log('no promise was broken');
  return 0;
}

runCommand(main);

import { search } from './search';

/**
 * The same ones each time, so that a red run means a changed engine; others, from any seed, with `npm run verify:histories`, which
 * plays five times as many in the same time as Jest.
 */
const RUNS = 300;
const SEED = 20261123;

test(`none of ${RUNS} random histories breaks a promise`, async () => {
  const { found, seed } = await search({ runs: RUNS, seed: SEED });
  if (found) {
    throw new Error(`${found.violation}\n${found.log.join('\n')}\nnpm run verify:histories -- --seed ${seed} --path ${found.path}`);
  }
}, 600_000);

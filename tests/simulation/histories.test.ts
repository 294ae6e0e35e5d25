import { search } from './search';

/**
 * The histories are the same each time, so that a red run means a changed engine. `npm run verify:histories` plays others, from any seed,
 * and five times as many in the same time as Jest.
 */
const RUNS = 300;
const SEED = 20261123;

test(`none of ${RUNS} random histories breaks a promise`, async () => {
  const { found, seed } = await search({ runs: RUNS, seed: SEED });
  if (found) {
    throw new Error(`${found.violation}\n${found.log.join('\n')}\nnpm run verify:histories -- --seed ${seed} --path ${found.path}`);
  }
}, 600_000);

import { search } from './search';

/** So many in `npm test`; any number, from any seed, with `npm run verify:histories`. */
const RUNS = 2_000;

test(`none of ${RUNS} random histories breaks a promise`, async () => {
  const { found, seed } = await search({ runs: RUNS, seed: Date.now() % 2 ** 31 });
  if (found) {
    throw new Error(`${found.violation}\n${found.log.join('\n')}\nnpm run verify:histories -- --seed ${seed} --path ${found.path}`);
  }
}, 600_000);

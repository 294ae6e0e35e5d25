import { search } from './search';

/**
 * The histories are the same each time, so that a red run means a changed engine. `npm run verify:histories` plays others, from any seed,
 * and five times as many in the same time as Jest.
 */
const RUNS = 300;
const SEED = 20261123;

/** Histories with copies of the server are fewer, because more happens in each. */
const COPIES = 60;

test.each([
  [RUNS, 'random histories', false],
  [COPIES, 'histories with copies of the server', true],
])('none of %i %s breaks a promise', async (runs, _what, copies) => {
  const { found, seed } = await search({ runs, seed: SEED, copies });
  if (found) {
    throw new Error(`${found.violation}\n${found.log.join('\n')}\nnpm run verify:histories -- --seed ${seed}${copies ? ' --copies' : ''} --path ${found.path}`);
  }
}, 600_000);

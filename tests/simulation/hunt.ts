/** `node hunt.js RUNS SEED` looks for one violation in the build it is part of, and prints it as JSON. It fails for any other error. */
import { search } from './search';
import type { Hunted } from './verdict';

async function main(): Promise<void> {
  const [runs, seed, copies] = process.argv.slice(2).map(Number) as [number, number, number?];
  const { found, runs: played } = await search({ runs, seed, copies: copies === 1, first: true });
  const hunted: Hunted = { played, violation: found?.violation ?? null };
  process.stdout.write(JSON.stringify(hunted));
}

void main();

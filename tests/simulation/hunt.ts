/** node hunt.js RUNS SEED: looks for one violation in the build it is part of, and prints what it found as JSON. */
import { search } from './search';

async function main(): Promise<void> {
  const [runs, seed] = process.argv.slice(2).map(Number) as [number, number];
  const { found, runs: played } = await search({ runs, seed, first: true });
  process.stdout.write(JSON.stringify({ played, violation: found?.violation ?? null }));
}

void main();

import path from 'node:path';

import { readSources, type Source } from '../architecture/imports';
import { guardFiles } from './guard-markers';
import { ledgerGuards } from './ledger-mutants';
import { ownerGuards } from './owner-mutants';
import { GUARDS_ELSEWHERE, MUTANTS } from './mutants';

const SERVER = 'server/src/';

/** The source files whose guards the mutants take away. */
export function guardedSources(): Source[] {
  return readSources(path.resolve(__dirname, '../..')).filter(({ file }) => file.startsWith(SERVER));
}

/** The text of docs/guards.md: the guards on which the promises rest, and the tests that notice when one is not there. */
export function guardsTable(): string {
  const files = guardFiles(guardedSources());
  const row = (...cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return `<!-- Written by \`npm run verify:mutants -- --write\`; a test compares it with its source, tests/simulation/mutants.ts. -->

# Guards

What keeps files from being lost or mixed up, what can happen without it, and the test that then fails.

## Found by the search

\`npm run verify:mutants\` builds the storage engine once for each of these, without it, and plays random histories (uploads,
replaces, deletes, imports, jobs, leaving S3 and coming back; outages, requests that take effect late, corruption, crashes,
suspended processes, clocks that are set) until one breaks a promise. It exits with 1 if there is a guard whose absence nothing
notices. The same search on the whole engine is \`tests/simulation/histories.test.ts\` and \`npm run verify:histories\`.

${row('Guard', 'What goes wrong without it', 'Where')}
| --- | --- | --- |
${MUTANTS.map(({ guard, without, marker }) => row(guard, without, `\`${files.get(marker)?.slice(SERVER.length)}\``)).join('\n')}

${ledgerGuards(row)}
${ownerGuards(row, files)}
## Found by tests of their own

What the simulation stands in for (the database, the disk, S3's protocol), or one of two guards against the same thing.

${row('Guard', 'What goes wrong without it', 'The test that fails')}
| --- | --- | --- |
${GUARDS_ELSEWHERE.map(({ guard, without, file, test }) => row(guard, without, `${test} (\`tests/${file}\`)`)).join('\n')}
`;
}

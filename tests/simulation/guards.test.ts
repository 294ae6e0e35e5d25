import { readFileSync } from 'node:fs';
import path from 'node:path';

import { guardFiles, guardsIn, withoutGuard } from './guard-markers';
import { guardedSources, guardsTable } from './guards-table';
import { LEDGER_MUTANTS } from './ledger-mutants';
import { OWNER_MUTANTS } from './owner-mutants';
import { GUARDS_ELSEWHERE, MUTANTS } from './mutants';

const ROOT = path.resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

const sources = guardedSources();

const ALL = [...MUTANTS, ...LEDGER_MUTANTS, ...OWNER_MUTANTS];

test.each(ALL)('the source marks the guard once, and the guard can be taken away: $guard', ({ marker, change }) => {
  const marked = sources.filter(({ text }) => guardsIn(text).includes(marker));
  expect(marked).toHaveLength(1);
  for (const { text } of marked) expect(withoutGuard(text, marker, change)).not.toBe(text);
});

test('every guard that the source marks has one mutant', () => {
  expect(ALL.map(({ marker }) => marker).sort()).toEqual([...guardFiles(sources).keys()].sort());
});

test.each(GUARDS_ELSEWHERE)('there is a test for: $guard', ({ file, test: title }) => {
  expect(read(`tests/${file}`)).toContain(`'${title}'`);
});

test('docs/guards.md is what npm run verify:mutants -- --write writes', () => {
  expect(read('docs/guards.md')).toBe(guardsTable());
});

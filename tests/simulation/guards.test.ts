import { readFileSync } from 'node:fs';
import path from 'node:path';

import { guardsTable } from './guards-table';
import { GUARDS_ELSEWHERE, MUTANTS } from './mutants';

const ROOT = path.resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

test.each(MUTANTS)('the source has the guard once: $guard', ({ file, find }) => {
  expect(read(`server/src/core/${file}`).split(find)).toHaveLength(2);
});

test.each(GUARDS_ELSEWHERE)('there is a test for: $guard', ({ file, test: title }) => {
  expect(read(`tests/${file}`)).toContain(`'${title}'`);
});

test('docs/guards.md is what npm run verify:mutants -- --write makes of them', () => {
  expect(read('docs/guards.md')).toBe(guardsTable());
});

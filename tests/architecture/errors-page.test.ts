import { readFileSync } from 'node:fs';
import path from 'node:path';

import { ERRORS_IN_PAGE, errorsTable } from './errors-table';

test('docs/troubleshooting.md has the table of errors that npx tsx scripts/write-doc-tables.ts writes', () => {
  const page = readFileSync(path.resolve(__dirname, '../../docs/troubleshooting.md'), 'utf8');
  expect(ERRORS_IN_PAGE.exec(page)?.[0]).toBe(errorsTable());
});

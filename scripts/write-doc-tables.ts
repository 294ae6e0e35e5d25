/** Writes the table of settings in docs/settings.md and the table of errors in docs/troubleshooting.md anew, as `server/src/contracts/` has them. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ERRORS_IN_PAGE, errorsTable } from '../tests/architecture/errors-table';
import { settingsTable, TABLE_IN_PAGE } from '../tests/architecture/settings-table';

function write(page: string, place: RegExp, table: string): void {
  const file = path.resolve(__dirname, '../docs', page);
  writeFileSync(file, readFileSync(file, 'utf8').replace(place, () => table));
}

write('settings.md', TABLE_IN_PAGE, settingsTable());
write('troubleshooting.md', ERRORS_IN_PAGE, errorsTable());

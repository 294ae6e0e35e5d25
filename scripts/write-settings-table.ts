/** Writes README.md's table of settings anew, as `server/src/contracts/settings.ts` has them. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { settingsTable, TABLE_IN_README } from '../tests/core/settings/readme-table';

const README = path.resolve(__dirname, '../README.md');
writeFileSync(README, readFileSync(README, 'utf8').replace(TABLE_IN_README, () => settingsTable()));

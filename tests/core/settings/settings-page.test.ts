import { readFileSync } from 'node:fs';
import path from 'node:path';

import { settingsWith } from '../../../server/src/contracts/settings';
import { settingsTable, TABLE_IN_README } from './readme-table';

const readme = readFileSync(path.resolve(__dirname, '../../../README.md'), 'utf8');

test('README.md has the table of settings that npx tsx scripts/write-settings-table.ts writes', () => {
  expect(TABLE_IN_README.exec(readme)?.[0]).toBe(settingsTable());
});

test('README.md names the settings whose bad values switch S3 off', () => {
  const sentence = /a bad ([^.]*?)\s+switches S3 off instead/.exec(readme)?.[1] ?? '';
  expect([...sentence.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual(settingsWith({ badValue: 'stopsS3' }).sort());
});

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { SETTING_NAMES, SETTINGS, settingsWith } from '../../server/src/contracts/settings';
import { settingsTable, TABLE_IN_PAGE } from './settings-table';

const root = path.resolve(__dirname, '../..');
const page = readFileSync(path.join(root, 'docs/settings.md'), 'utf8');

test('docs/settings.md has the table of settings that npx tsx scripts/write-doc-tables.ts writes', () => {
  expect(TABLE_IN_PAGE.exec(page)?.[0]).toBe(settingsTable());
});

test('docs/settings.md names the settings whose bad values switch S3 off', () => {
  const sentence = /a bad ([^.]*?)\s+switches S3 off instead/.exec(page)?.[1] ?? '';
  expect([...sentence.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual(settingsWith({ badValue: 'stopsS3' }).sort());
});

test('every variable and every field of the blocks to paste is a setting', () => {
  const blocks = [page, readFileSync(path.join(root, 'README.md'), 'utf8')].flatMap((text) => [...text.matchAll(/```(?:sh|ts)\n([\s\S]*?)```/g)].map(([, block = '']) => block));
  const variables = blocks.flatMap((block) => [...block.matchAll(/^(S3_STORAGE_\w+)=/gm)].map(([, name]) => name));
  const fields = blocks.filter((block) => block.includes("'s3-storage'")).flatMap((block) => [...block.matchAll(/^ {6}(\w+): /gm)].map(([, name]) => name));
  expect([variables.length, fields.length]).toEqual([10, 5]);
  expect(variables.filter((name) => !SETTING_NAMES.some((setting) => SETTINGS[setting].variable === name))).toEqual([]);
  expect(fields.filter((name) => !SETTING_NAMES.some((setting) => setting === name))).toEqual([]);
});

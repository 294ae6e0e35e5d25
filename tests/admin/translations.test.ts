import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { createIntl, createIntlCache } from 'react-intl';

import { PLUGIN_ID } from '../../admin/src/pluginId';
import { loadTranslations } from '../../admin/src/translations';
import panel from '../../admin/src/translations/en.json';
import { english } from '../../admin/src/translations/english';
import { STEP_NAMES } from '../../admin/src/utils/steps';
import { snippetTitleKey } from '../../admin/src/utils/snippets';
import { FINDING_ACTIONS, FINDING_KINDS, SKIP_CODES } from '../../server/src/contracts/jobs';
import { OBJECT_STATES } from '../../server/src/contracts/objects';
import { ERRORS } from '../../server/src/contracts/errors';
import { PLUGIN_ID as SERVER_ID, PRESETS } from '../../server/src/contracts/presets';
import { snippetsFor } from '../../server/src/core/buckets/probe/snippets';

const ADMIN = path.resolve(__dirname, '../../admin/src');
const TRANSLATIONS = path.join(ADMIN, 'translations');
const KEYS = Object.keys(english);
const inFile = (language: string): Record<string, string> => JSON.parse(readFileSync(path.join(TRANSLATIONS, `${language}.json`), 'utf8'));
/** All texts of a language. English takes those of codes and presets from the server. */
const texts = (language: string): Readonly<Record<string, string>> => (language === 'en' ? english : inFile(language));
const LANGUAGES = readdirSync(TRANSLATIONS).filter((file) => file.endsWith('.json')).map((file) => path.basename(file, '.json'));

const sources = readdirSync(ADMIN, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('translations'))
  .map((file) => readFileSync(path.join(ADMIN, file), 'utf8'))
  .join('\n');

/** A text of the sources as an expression over keys. A template's variable may stand for any part of a key. */
const asKeys = (text: string) => new RegExp(`^${text.replace(/\$\{[^}]+\}/g, '*').replace(/\./g, '\\.').replace(/\*/g, '[\\w-]+')}$`);
const TEXT = /'([\w.-]+)'|`((?:[\w.-]|\$\{[^}]+\})+)`/g;
const textsIn = (code: string) => [...code.matchAll(TEXT)].map((match) => match[1] ?? match[2] ?? '');
/** Everything inside the parentheses of a call of `t`, with both sides of a choice. */
const asked = [...sources.matchAll(/\b(?:t|prefixed)\(([^()]*)/g)].flatMap((call) => textsIn((call[1] ?? '').split(', {')[0] ?? ''));

test('English and French are there', () => {
  expect(LANGUAGES.sort()).toEqual(expect.arrayContaining(['en', 'fr']));
});

describe.each(LANGUAGES)('the language %s', (language) => {
  const own = texts(language);

  test('has every key, and no other', () => {
    expect(Object.keys(own).sort()).toEqual([...KEYS].sort());
  });

  if (language === 'fr') {
    test('has no ordinary space before high punctuation or inside guillemets', () => {
      expect(Object.entries(own).filter(([, text]) => / [:;?!»]|« /.test(text))).toEqual([]);
    });
  }

  test('has no empty text', () => {
    expect(Object.entries(own).filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  test('has the same placeholders as English, in valid ICU syntax', () => {
    const values = { message: 'M', done: 1, total: 2, whole: '2 kB', percent: 50, rate: 1.5, hours: 1, minutes: 2, page: 1, pages: 2, failed: 1, requests: 3,
      job: 'J', how: 'H', when: 'W', place: 'L', share: '50 %', file: 'A', files: '2 F', why: 'Y', action: 'A', what: 'W', count: 2, size: '1 kB', since: 'now', ms: 3, min: 1, max: 2, field: 'F', title: 'T', step: 'S', provider: 'P', folder: '/F', errno: 'EROFS', server: 'S' };
    const placeholders = (text: string) => [...new Set(text.match(/\{(\w+)(?=[,}])/g))].sort();
    const intl = createIntl({ locale: language, messages: own, onError: (error) => { throw error; } }, createIntlCache());
    for (const key of KEYS) {
      expect(`${key} ${placeholders(own[key] ?? '').join()}`).toBe(`${key} ${placeholders(texts('en')[key] ?? '').join()}`);
      expect(() => intl.formatMessage({ id: key }, values)).not.toThrow();
    }
  });

  test('is loaded whole, with the plugin’s prefix on each key', async () => {
    const { data, locale } = await loadTranslations(language);
    expect(locale).toBe(language);
    expect(data).toEqual(Object.fromEntries(Object.entries(own).map(([key, text]) => [`s3-storage.${key}`, text])));
  });

  test.each(Object.keys(ERRORS))('gives the panel a message and a hint for %s', async (code) => {
    const { data } = await loadTranslations(language);
    expect(data[`s3-storage.error.${code}.message`]).toMatch(/\S/);
    expect(data[`s3-storage.error.${code}.hint`]).toMatch(/\S/);
  });
});

test('a language that is not shipped loads as nothing', async () => {
  expect(await loadTranslations('xx')).toEqual({ data: {}, locale: 'xx' });
});

test('every translation key that the sources use exists', () => {
  expect(asked.length).toBeGreaterThan(60);
  expect(asked.filter((text) => !KEYS.some((key) => asKeys(text).test(key)))).toEqual([]);
});

test('every translation key is used', () => {
  const patterns = textsIn(sources).map(asKeys);
  expect(KEYS.filter((key) => !patterns.some((one) => one.test(key)))).toEqual([]);
});

test('every error code, preset, step of the test, and word of the jobs has its texts', () => {
  const wanted = [
    ...Object.keys(ERRORS).flatMap((code) => [`error.${code}.message`, `error.${code}.hint`]),
    ...PRESETS.flatMap(({ id }) => [`preset.${id}.label`, `preset.${id}.hint`, `preset.${id}.region`]),
    ...STEP_NAMES.map((name) => `step.${name}`),
    ...SKIP_CODES.map((code) => `skip.${code}`),
    ...FINDING_KINDS.map((kind) => `finding.${kind}`),
    ...FINDING_ACTIONS.map((action) => `plan.${action}`),
    ...OBJECT_STATES.map((state) => `state.${state}`),
  ];
  expect(wanted.filter((key) => !KEYS.includes(key))).toEqual([]);
});

test('the English texts of codes and presets are the server’s own, written nowhere else', async () => {
  const { data } = await loadTranslations('en');
  const text = (key: string) => data[`s3-storage.${key}`];
  for (const [code, { message, hint }] of Object.entries(ERRORS)) {
    expect([text(`error.${code}.message`), text(`error.${code}.hint`)]).toEqual([message, hint]);
  }
  for (const { id, label, hint, region } of PRESETS) {
    expect([text(`preset.${id}.label`), text(`preset.${id}.hint`), text(`preset.${id}.region`)]).toEqual([label, hint, region.hint]);
  }
  expect(Object.keys(panel).filter((key) => /^(error\.[A-Z]|preset\.)/.test(key))).toEqual([]);
});

test('the titles of the server’s snippets are translated', () => {
  for (const { title } of snippetsFor({ bucket: 'b', prefix: '' })) {
    const key = snippetTitleKey(title);
    expect(key && texts('en')[key]).toBe(title);
  }
});

test('panel and server have the same plugin id', () => {
  expect(PLUGIN_ID).toBe(SERVER_ID);
});

import english from '../../../admin/src/translations/en.json';
import french from '../../../admin/src/translations/fr.json';
import { FIELDS, toValues } from '../../../admin/src/utils/fields';
import { toPatch } from '../../../admin/src/utils/patch';
import { validate } from '../../../admin/src/utils/validate';
import { parseSetting } from '../../../server/src/contracts/schemas';
import type { Setting } from '../../../server/src/contracts/setting-kinds';
import { SETTING_NAMES, SETTINGS, type SettingName, type SettingSource } from '../../../server/src/contracts/settings';
import { systemClock } from '../../../server/src/core/clock';
import { publicSettings, resolve } from '../../../server/src/core/settings/resolve';
import { Redactor } from '../../../server/src/core/settings/redactor';
import { SettingsService } from '../../../server/src/core/settings/service';
import type { Resolution } from '../../../server/src/core/settings/types';
import { FRESH, formAfter, sourcesOf } from '../../admin/support';
import { MemorySettingsRepository, recordingLog, stored, toyBox } from './support';

/** Two good values of a setting that are not its default, and some bad ones. */
interface Samples {
  readonly good: readonly [unknown, unknown];
  readonly bad: readonly unknown[];
}

function samplesOf(name: SettingName): Samples {
  const setting: Setting = SETTINGS[name];
  if (name === 'endpoint' || name === 'publicEndpoint' || name === 'cdnUrl') {
    return { good: ['https://one.example', 'http://two.example:9000'], bad: ['x'.repeat(2049), 'no-scheme', 'javascript:alert(1)'] };
  }
  switch (setting.kind) {
    case 'wholeNumber':
      return { good: setting.min === setting.default ? [setting.max, setting.min + 1] : [setting.max, setting.min], bad: [setting.min - 1, setting.max + 1, 'x'] };
    case 'flag':
      return { good: [true, false], bad: ['maybe'] };
    case 'choice':
      return { good: [setting.options.at(-1), setting.options[0]], bad: ['no-such-option'] };
    case 'schedule':
      return { good: ['5 4 * * *', '0 0 1 1 *'], bad: ['often', '61 * * * *'] };
    case 'folder':
      return { good: ['one/', 'two/'], bad: [`a${'é'.repeat(setting.maxBytes / 2)}`, '..'] };
    default:
      return { good: ['one', 'two'], bad: ['x'.repeat(setting.maxLength + 1)] };
  }
}

/** A source with one value. A key comes with the other one of its pair, because half a pair counts for nothing. */
const sourceWith = (name: SettingName, value: unknown): Record<string, unknown> =>
  SETTINGS[name].section === 'credentials' ? { accessKeyId: 'key', secretAccessKey: 'secret', [name]: value } : { [name]: value };

const variablesOf = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [SETTINGS[name as SettingName].variable, String(value)]));

/** Resolves one setting. @param given the value that each source has */
function resolved(name: SettingName, given: { database?: unknown; config?: unknown; environment?: unknown }): Resolution {
  const source = (value: unknown) => (value === undefined ? {} : sourceWith(name, value));
  return resolve({ database: stored(source(given.database)), configFile: source(given.config), variables: variablesOf(source(given.environment)) });
}

function inForce(name: SettingName, { settings }: Resolution): unknown {
  const { credentials } = settings;
  if (name !== 'accessKeyId' && name !== 'secretAccessKey') return settings[name];
  return credentials.kind === 'static' ? credentials[name] : null;
}

/** The paths that the API refuses in a body. */
async function refusedBy(body: unknown): Promise<string[]> {
  const service = new SettingsService({
    repository: new MemorySettingsRepository(), secrets: toyBox(), variables: {}, configFile: null, clock: systemClock, log: recordingLog(), redactor: new Redactor(), isCron: () => true,
  });
  const error: unknown = await service.update(body).then(() => undefined, (thrown: unknown) => thrown);
  return error === undefined ? [] : (error as { fields: { path: string }[] }).fields.map(({ path }) => path);
}

describe.each(SETTING_NAMES)('the setting %s', (name) => {
  const setting: Setting = SETTINGS[name];
  const { good: [one, other], bad } = samplesOf(name);

  test.each([
    ['database', { database: one, config: other, environment: other }],
    ['config', { config: one, environment: other }],
    ['environment', { environment: one }],
  ] as const)('counts from the %s where no stronger source has it', (source: SettingSource, given) => {
    const resolution = resolved(name, given);
    expect([inForce(name, resolution), resolution.sources[name], resolution.blocked]).toEqual([one, source, null]);
  });

  test('has its default where no source has it', () => {
    const resolution = resolved(name, {});
    expect(resolution.sources[name]).toBe('default');
    const value = inForce(name, resolution);
    if (typeof setting.default !== 'object' || setting.default === null) expect(value).toBe(setting.default);
    if (value !== null) expect(parseSetting(name, value)).toEqual({ ok: true, value });
  });

  test.each(bad)('refuses %j from the API, and makes it a problem in every other source', async (value) => {
    expect(await refusedBy({ [name]: value })).toEqual([name]);
    for (const source of ['database', 'config', 'environment'] as const) {
      const { blocked, problems, sources: from } = resolved(name, { [source]: value });
      expect(problems).toContainEqual({ source, field: name, message: expect.any(String) });
      expect(blocked).toBe(setting.badValue === 'stopsS3' ? 'INVALID_SETTINGS' : null);
      if (setting.badValue === 'stopsS3') expect(from[name]).toBe(source);
    }
  });

  test('is accepted by the API, and answered only if it is public', async () => {
    expect(await refusedBy({ [name]: one })).toEqual([]);
    expect(await refusedBy({ [name]: null })).toEqual([]);
    const shown = publicSettings(resolved(name, { database: one }).settings);
    expect(Object.keys(shown).includes(name)).toBe(setting.public);
    if (setting.public) expect(shown).toMatchObject({ [name]: one });
    if (setting.kind === 'secret') expect(JSON.stringify(shown)).not.toContain(JSON.stringify(one));
  });

  test('has an environment variable that is made from its name', () => {
    expect(setting.variable).toBe(`S3_STORAGE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`);
  });
});

describe.each([...FIELDS, 'secretAccessKey' as const])('the field of %s', (name) => {
  const setting: Setting = SETTINGS[name];
  const { good, bad } = samplesOf(name);

  const after = (value: unknown) => {
    if (name === 'secretAccessKey') return formAfter({ ...FRESH, accessKeyId: 'key' }, { type: 'secret', edit: { kind: 'replace', value: String(value) } });
    const input = setting.kind === 'flag' || setting.kind === 'choice' ? value : String(value);
    return formAfter(FRESH, { type: 'changed', values: { [name]: input } });
  };
  const foundIn = (state: ReturnType<typeof after>) => Object.keys(validate(state, sourcesOf('default'), name === 'secretAccessKey'));

  test('sends what is typed', () => {
    for (const value of good) {
      const state = after(value);
      expect(foundIn(state)).not.toContain(name);
      const isDefault = name !== 'secretAccessKey' && toValues(FRESH)[name] === state.values[name];
      expect(toPatch(state)).toMatchObject(isDefault ? {} : { [name]: value });
    }
  });

  if (setting.kind !== 'flag' && setting.kind !== 'choice') {
    test.each(bad)('finds that %j is not valid', (value) => {
      expect(foundIn(after(value))).toContain(name);
    });
  }

  test.each([
    ['English', english],
    ['French', french],
  ])('has a label and a hint in %s', (_language, texts: Record<string, string>) => {
    expect(texts[`field.${name}.label`]).toBeTruthy();
    // the preset gives the region's hint, and the secret's hint says whether one is stored
    if (name !== 'region' && name !== 'secretAccessKey') expect(texts[`field.${name}.hint`]).toBeTruthy();
    if (setting.kind === 'choice' && name !== 'provider') for (const option of setting.options) expect(texts[`field.${name}.${option}`]).toBeTruthy();
  });
});

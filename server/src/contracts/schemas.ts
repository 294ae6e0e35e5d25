import { z } from 'zod';

import { textFault, wholeNumberFault, type Setting } from './setting-kinds';
import { SETTING_NAMES, SETTINGS, type FieldError, type SettingName, type SettingsPatch, type SettingValue } from './settings';

/** An empty field of a form means: no value. */
const emptyIsNull = (value: unknown) => (typeof value === 'string' && value.trim() === '' ? null : value);

const withSlash = (folder: string) => (folder === '' || folder.endsWith('/') ? folder : `${folder}/`);

/** What a value of the setting may be. */
function schemaOf(setting: Setting): z.ZodType {
  switch (setting.kind) {
    case 'wholeNumber': {
      const error = wholeNumberFault(setting);
      return z.int({ error }).min(setting.min, { error }).max(setting.max, { error });
    }
    case 'flag':
      return z.boolean({ error: 'must be true or false' });
    case 'choice':
      return z.enum(setting.options, { error: `must be one of ${setting.options.join(', ')}` });
    default: {
      const text = z
        .string({ error: 'must be a text' })
        .trim()
        .superRefine((value, context) => {
          const fault = textFault(setting, value);
          if (fault) context.addIssue({ code: 'custom', message: fault });
        });
      return setting.kind === 'folder' ? text.transform(withSlash) : text;
    }
  }
}

/** What a field of a body may be: a value, null to remove the stored one, or absent. */
function fieldOf(name: SettingName): z.ZodType {
  const { kind } = SETTINGS[name];
  const field = settingSchemas[name].nullish();
  return kind === 'text' || kind === 'schedule' ? z.preprocess(emptyIsNull, field).optional() : field;
}

const forEachSetting = <T>(make: (name: SettingName) => T) => Object.fromEntries(SETTING_NAMES.map((name) => [name, make(name)])) as Record<SettingName, T>;

/** The API checks whole bodies with them, the other sources single values. */
const settingSchemas = forEachSetting((name) => schemaOf(SETTINGS[name])) as { [K in SettingName]: z.ZodType<SettingValue<K>> };

/** As the API's own route for schedules checks them. */
export const cronSchema = settingSchemas.uploadSchedule;

/** Body of `PUT /settings` and of `POST /settings/test`. Unknown fields are refused. */
const settingsPatchSchema = z.strictObject(forEachSetting(fieldOf), {
  error: (issue) => (issue.code === 'invalid_type' ? 'must be a JSON object' : undefined),
});

export type Checked<T> = { ok: true; value: T } | { ok: false; fields: FieldError[] };

/** The faults of a body or query, one entry a field; an unknown field is named by its own path, the body itself by ''. */
export function fieldErrors(error: z.ZodError, ofUnknown = 'is not a setting'): FieldError[] {
  const messages = new Map<string, string>();
  for (const issue of error.issues) {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => key.slice(0, 100)) : [];
    for (const key of unknown) messages.set(key, ofUnknown);
    const path = issue.path.join('.');
    if (unknown.length === 0 && !messages.has(path)) messages.set(path, issue.message);
  }
  return [...messages].map(([path, message]) => ({ path, message }));
}

/** Checks and normalises a body; never throws. */
export function parsePatch(body: unknown): Checked<SettingsPatch> {
  const parsed = settingsPatchSchema.safeParse(body ?? {});
  return parsed.success ? { ok: true, value: parsed.data as SettingsPatch } : { ok: false, fields: fieldErrors(parsed.error) };
}

/** One value of the config file, the environment or the stored row. */
export function parseSetting<K extends SettingName>(name: K, value: unknown): Checked<SettingValue<K>> {
  const parsed = settingSchemas[name].safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data as SettingValue<K> };
  return { ok: false, fields: [{ path: name, message: parsed.error.issues[0]?.message ?? 'is not valid' }] };
}

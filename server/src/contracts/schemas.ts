import { z } from 'zod';

import { textFault, wholeNumberFault, type Setting } from './setting-kinds';
import { SETTING_NAMES, SETTINGS, type FieldError, type SettingName, type SettingsPatch, type SettingsUpdate, type SettingValue } from './settings';

/** An empty field of a form means that there is no value. */
const emptyIsNull = (value: unknown) => (typeof value === 'string' && value.trim() === '' ? null : value);

const withSlash = (folder: string) => (folder === '' || folder.endsWith('/') ? folder : `${folder}/`);

/** The schema of a setting's value. */
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

/** The schema of a field in a body: a value, null to remove the stored value, or nothing. */
function fieldOf(name: SettingName): z.ZodType {
  const { kind } = SETTINGS[name];
  const field = settingSchemas[name].nullish();
  return kind === 'text' || kind === 'schedule' ? z.preprocess(emptyIsNull, field).optional() : field;
}

const forEachSetting = <T>(make: (name: SettingName) => T) => Object.fromEntries(SETTING_NAMES.map((name) => [name, make(name)])) as Record<SettingName, T>;

/** The schema of each setting. The API checks whole bodies with them, the other sources single values. */
const settingSchemas = forEachSetting((name) => schemaOf(SETTINGS[name])) as { [K in SettingName]: z.ZodType<SettingValue<K>> };

/** The schema of a cron expression, for the API's route for schedules. */
export const cronSchema = settingSchemas.uploadSchedule;

/** Body of `POST /settings/test` and of `POST /settings/preview`. It refuses unknown fields. */
const settingsPatchSchema = z.strictObject(forEachSetting(fieldOf), {
  error: (issue) => (issue.code === 'invalid_type' ? 'must be a JSON object' : undefined),
});

/** Body of `PUT /settings`. */
const settingsUpdateSchema = settingsPatchSchema.extend({ confirmMove: z.boolean({ error: 'must be true or false' }).optional() });

export type Checked<T> = { ok: true; value: T } | { ok: false; fields: FieldError[] };

/**
 * Returns the faults of a body or query, one entry for each field. An unknown field has its own path, and the body itself the path ''.
 */
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

/** Checks and normalises a body. Never throws. */
export function parsePatch(body: unknown): Checked<SettingsPatch> {
  const parsed = settingsPatchSchema.safeParse(body ?? {});
  return parsed.success ? { ok: true, value: parsed.data as SettingsPatch } : { ok: false, fields: fieldErrors(parsed.error) };
}

/** Checks and normalises a body of `PUT /settings`. Never throws. */
export function parseUpdate(body: unknown): Checked<SettingsUpdate> {
  const parsed = settingsUpdateSchema.safeParse(body ?? {});
  return parsed.success ? { ok: true, value: parsed.data as SettingsUpdate } : { ok: false, fields: fieldErrors(parsed.error) };
}

/** Checks one value of the config file, the environment or the stored row. Never throws. */
export function parseSetting<K extends SettingName>(name: K, value: unknown): Checked<SettingValue<K>> {
  const parsed = settingSchemas[name].safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data as SettingValue<K> };
  return { ok: false, fields: [{ path: name, message: parsed.error.issues[0]?.message ?? 'is not valid' }] };
}

import { SETTING_NAMES, SETTINGS } from '../../../server/src/contracts/settings';
import type { NamesWith, PublicSettings, SettingName, SettingValue } from '../../../server/src/contracts/settings';

/** A setting with an input of its own on the settings page; the secret is apart, as its value is never known. */
export type FieldName = Exclude<NamesWith<{ public: true }>, NamesWith<{ section: 'migration' }>>;
/** Every path an error can be shown at. */
export type ErrorPath = FieldName | 'secretAccessKey';

export type FlagName = FieldName & NamesWith<{ kind: 'flag' }>;
export type NumberName = FieldName & NamesWith<{ kind: 'wholeNumber' }>;
export type ChoiceName = FieldName & NamesWith<{ kind: 'choice' }>;
export type TextName = Exclude<FieldName, FlagName | NumberName | ChoiceName>;

/** The values of the inputs. They are text as typed, numbers too, so that a half-typed number is not lost. */
export type FormValues = { [K in FieldName]: K extends FlagName | ChoiceName ? SettingValue<K> : string };

/** The fields of the settings page, in the table's order. */
export const FIELDS: readonly FieldName[] = SETTING_NAMES.filter(
  (name): name is FieldName => SETTINGS[name].public && SETTINGS[name].section !== 'migration',
);

type SectionName<Section extends string> = FieldName & NamesWith<{ section: Section }>;

export const inSection = <Section extends 'storage' | 'credentials' | 'delivery' | 'advanced'>(section: Section) =>
  FIELDS.filter((name): name is SectionName<Section> => SETTINGS[name].section === section);

export const isErrorPath = (path: string): path is ErrorPath =>
  path === 'secretAccessKey' || FIELDS.some((name) => name === path);

/** Whether the name is that of a setting of the kind, for entries that are looked at one by one. */
export const isOfKind = <Name extends SettingName, Kind extends string>(name: Name, kind: Kind): name is Name & NamesWith<{ kind: Kind }> =>
  SETTINGS[name].kind === kind;

const inputOf = (value: PublicSettings[FieldName]) => (value === null ? '' : typeof value === 'number' ? String(value) : value);

export function toValues(settings: PublicSettings): FormValues {
  return Object.fromEntries(FIELDS.map((name) => [name, inputOf(settings[name])])) as FormValues;
}

/** Empty, or without a leading and with a trailing slash: what people type in front of a key is a folder. */
const folder = (text: string) => {
  const path = text.trim().replace(/^\/+|\/+$/g, '');
  return path === '' ? '' : `${path}/`;
};

function settingOf(name: FieldName, input: string | boolean): string | number | boolean | null {
  if (typeof input === 'boolean') return input;
  const { kind, default: fallback } = SETTINGS[name];
  if (kind === 'folder') return folder(input);
  const isEmpty = input.trim() === '';
  // an emptied number that has a default is a slip, which the findings tell of
  if (kind === 'wholeNumber') return isEmpty && fallback === null ? null : Number(input);
  return isEmpty ? null : input.trim();
}

export function toSettings(values: FormValues): Pick<PublicSettings, FieldName> {
  return Object.fromEntries(FIELDS.map((name) => [name, settingOf(name, values[name])])) as Pick<PublicSettings, FieldName>;
}

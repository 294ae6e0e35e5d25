import { PLUGIN_ID } from '../pluginId';
import type { TranslationKey } from './english';

export type { TranslationKey } from './english';

export const prefixed = (key: TranslationKey) => `${PLUGIN_ID}.${key}`;

type Texts = Readonly<Record<string, string>>;

/** Loads one chunk per language, only for the languages that the project offers. */
const LOADERS: Record<string, () => Promise<Texts>> = {
  en: async () => (await import('./english')).english,
  fr: async () => (await import('./fr.json')).default,
};

export async function loadTranslations(locale: string): Promise<{ data: Record<string, string>; locale: string }> {
  const loader = LOADERS[locale];
  if (!loader) return { data: {}, locale };
  const texts = await loader();
  const data = Object.fromEntries(Object.entries(texts).map(([key, text]) => [`${PLUGIN_ID}.${key}`, text]));
  return { data, locale };
}

import { PLUGIN_ID } from '../pluginId';
import type english from './en.json';

export type TranslationKey = keyof typeof english;

export const prefixed = (key: TranslationKey) => `${PLUGIN_ID}.${key}`;

type Loader = () => Promise<{ default: Record<string, string> }>;

/** One chunk per language, loaded only for the languages the project offers. */
const LOADERS: Record<string, Loader> = {
  en: () => import('./en.json'),
  fr: () => import('./fr.json'),
};

export async function loadTranslations(locale: string): Promise<{ data: Record<string, string>; locale: string }> {
  const loader = LOADERS[locale];
  if (!loader) return { data: {}, locale };
  const { default: texts } = await loader();
  const data = Object.fromEntries(Object.entries(texts).map(([key, text]) => [`${PLUGIN_ID}.${key}`, text]));
  return { data, locale };
}

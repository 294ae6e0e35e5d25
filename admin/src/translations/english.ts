import { ERRORS, type ErrorCode } from '../../../server/src/contracts/errors';
import { PRESETS } from '../../../server/src/contracts/presets';
import type { ProviderPreset } from '../../../server/src/contracts/settings';
import panel from './en.json';

type ErrorKey = `error.${ErrorCode}.${'message' | 'hint'}`;
type PresetKey = `preset.${ProviderPreset}.${'label' | 'hint' | 'region'}`;

/** The key of every text of the panel, without the plugin's prefix. */
export type TranslationKey = keyof typeof panel | ErrorKey | PresetKey;

const errorTexts = Object.entries(ERRORS).flatMap(([code, { message, hint }]) => [
  [`error.${code}.message`, message],
  [`error.${code}.hint`, hint],
]);

const presetTexts = PRESETS.flatMap(({ id, label, hint, region }) => [
  [`preset.${id}.label`, label],
  [`preset.${id}.hint`, hint],
  [`preset.${id}.region`, region.hint],
]);

/**
 * The English texts of the panel: its own, in `en.json`, and those that the server has already, for error codes and presets.
 * A text of the server is written once, in `contracts/errors.ts` or `strapi-plugin.json`. Other languages have all of them in one file.
 */
export const english = { ...panel, ...Object.fromEntries([...errorTexts, ...presetTexts]) } as Readonly<Record<TranslationKey, string>>;

import { PRESETS } from '../../../server/src/contracts/presets';
import type { Preset } from '../../../server/src/contracts/presets';
import type { ProviderPreset } from '../../../server/src/contracts/settings';
import type { FormValues } from './fields';

const OTHER = PRESETS.find(({ id }) => id === 'other') as Preset;

/** A newer server may know a preset that this panel does not: the plainest one stands in for it. */
export const presetOf = (id: string): Preset => PRESETS.find((preset) => preset.id === id) ?? OTHER;

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The pattern as an expression, if it has a place to fill. */
function matcher({ endpointPattern }: Preset): RegExp | null {
  if (!endpointPattern?.includes('{')) return null;
  const source = escaped(endpointPattern)
    .replace('\\{region\\}', '(?<region>[a-z0-9-]+)')
    .replace('\\{account\\}', '[a-z0-9.-]+');
  return new RegExp(`^${source}/?$`, 'i');
}

/** The endpoint a preset gives by itself; empty where a person has to say it. */
export function endpointFor(preset: Preset, region: string): string {
  const pattern = preset.endpointPattern;
  if (!pattern || pattern.includes('{account}')) return '';
  if (pattern.includes('{region}')) return region.trim() ? pattern.replace('{region}', region.trim().toLowerCase()) : '';
  // example.com is reserved for examples: such a pattern only shows the form.
  return new URL(pattern).hostname.endsWith('example.com') ? '' : pattern;
}

/** The pattern as people read it in an empty input. */
export const endpointPlaceholder = (preset: Preset) =>
  preset.endpointPattern?.replace(/\{(\w+)\}/g, '<$1>') ?? '';

const regionIn = (preset: Preset, endpoint: string) => matcher(preset)?.exec(endpoint.trim())?.groups?.region ?? null;

/** Whether an endpoint typed before the preset was chosen can stay. */
function belongs(preset: Preset, endpoint: string): boolean {
  const own = matcher(preset);
  if (own) return own.test(endpoint.trim());
  if (preset.endpointPattern === null) return false;
  return !PRESETS.some((other) => matcher(other)?.test(endpoint.trim()) || endpointFor(other, '') === endpoint.trim());
}

export function applyPreset(values: FormValues, id: ProviderPreset): FormValues {
  const preset = presetOf(id);
  const fallback = preset.region.fallback ?? '';
  const base = { ...values, provider: id, forcePathStyle: preset.forcePathStyle };
  if (values.endpoint.trim() !== '' && belongs(preset, values.endpoint)) {
    return { ...base, region: regionIn(preset, values.endpoint) ?? (values.region || fallback) };
  }
  // No two providers name their regions alike: the old one would only point to nowhere.
  return { ...base, region: fallback, endpoint: endpointFor(preset, fallback) };
}

/** The endpoint follows the region for as long as it is the pattern's own. */
export function followRegion(before: FormValues, after: FormValues): FormValues {
  const preset = presetOf(after.provider);
  if (!preset.endpointPattern?.includes('{region}')) return after;
  const untouched = before.endpoint === '' || before.endpoint === endpointFor(preset, before.region);
  return untouched ? { ...after, endpoint: endpointFor(preset, after.region) } : after;
}

/** An endpoint pasted from the provider's console says the region too. */
export function followEndpoint(values: FormValues): FormValues {
  if (values.region.trim() !== '') return values;
  const region = regionIn(presetOf(values.provider), values.endpoint);
  return region ? { ...values, region } : values;
}

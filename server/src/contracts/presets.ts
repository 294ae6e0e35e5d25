import manifest from '../../../strapi-plugin.json';
import type { ProviderPreset } from './settings';

/** What one provider needs, as `strapi-plugin.json` has it; the panel and the server read the same lines. */
export interface Preset {
  id: ProviderPreset;
  label: string;
  /** With `{region}` or `{account}` to fill in; null: leave the endpoint empty. */
  endpointPattern: string | null;
  region: {
    required: boolean;
    /** Signed with when no region is set; null: there is none to assume. */
    fallback: string | null;
    hint: string;
    examples: string[];
  };
  forcePathStyle: boolean;
  /** What the provider was seen or documented to do; null: unknown, the connection test tells. */
  quirks: {
    /** `If-None-Match: *` on PUT is honoured. */
    conditionalPut: boolean | null;
    /** The ETag of a single PUT is the MD5 of its bytes. */
    etagIsMd5: boolean | null;
    /** A DELETE leaves the bytes behind as an old version. */
    deletesKeepVersions: boolean | null;
  };
  hint: string;
  docs: string | null;
}

export const PLUGIN_ID = 's3-storage';

export const PRESETS: readonly Preset[] = manifest.presets as Preset[];

export function presetOf(id: ProviderPreset): Preset {
  const preset = PRESETS.find((candidate) => candidate.id === id);
  if (!preset) throw new Error(`strapi-plugin.json has no preset "${id}"`);
  return preset;
}

import manifest from '../../../strapi-plugin.json';
import type { ProviderPreset } from './settings';

/** The needs of one provider, as `strapi-plugin.json` has them. Panel and server read the same lines. */
export interface Preset {
  id: ProviderPreset;
  label: string;
  /** A pattern with `{region}` or `{account}` to fill in; null if the endpoint stays empty. */
  endpointPattern: string | null;
  region: {
    required: boolean;
    /** Region for the signature while no region is set; null if the plugin can assume none. */
    fallback: string | null;
    hint: string;
    examples: string[];
  };
  forcePathStyle: boolean;
  /** Behaviour that the provider showed or documents. Null means that it is unknown, and the connection test finds out. */
  quirks: {
    /** The provider honours `If-None-Match: *` on PUT. */
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

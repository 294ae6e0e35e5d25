import manifest from '../../../strapi-plugin.json';
import packageJson from '../../../package.json';
import { PLUGIN_ID, presetOf, PRESETS } from '../../../server/src/contracts/presets';
import { PROVIDERS } from '../../../server/src/contracts/settings';
import { parseEndpoint } from '../../../server/src/core/store/s3/endpoint';

test('the manifest and package.json say the same', () => {
  expect(manifest.id).toBe(packageJson.strapi.name);
  expect(manifest.id).toBe(PLUGIN_ID);
  expect(manifest.displayName).toBe(packageJson.strapi.displayName);
  expect(manifest.strapi).toBe(packageJson.peerDependencies['@strapi/strapi']);
  expect(packageJson.files).toContain('strapi-plugin.json');
});

test('there is a preset for each provider, and no other', () => {
  expect(PRESETS.map(({ id }) => id).sort()).toEqual([...PROVIDERS].sort());
});

test.each(PRESETS.map((preset) => [preset.id, preset] as const))('the preset %s has what the panel shows and the server uses', (id, preset) => {
  expect(presetOf(id)).toBe(preset);
  expect(preset.label).not.toBe('');
  expect(preset.region.examples.length).toBeGreaterThan(0);
  expect(preset.region.required).toBe(preset.region.fallback === null);
  expect(typeof preset.forcePathStyle).toBe('boolean');
  expect(Object.keys(preset.quirks).sort()).toEqual(['conditionalPut', 'deletesKeepVersions', 'etagIsMd5']);
  if (preset.docs !== null) expect(new URL(preset.docs).protocol).toBe('https:');
  if (preset.endpointPattern === null) return expect(id).toBe('aws');
  const example = preset.endpointPattern.replace('{region}', preset.region.examples[0] ?? '').replace('{account}', '0123abcd');
  expect(parseEndpoint(example)).toBe(example);
});

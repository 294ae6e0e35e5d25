import { endpointFor, endpointPlaceholder, presetOf } from '../../admin/src/utils/presets';
import { PRESETS } from '../../server/src/contracts/presets';
import { FRESH, STORED, formAfter, typed } from './support';

test('a preset fills path style, region and endpoint', () => {
  const { values } = formAfter(FRESH, { type: 'changed', values: { provider: 'minio' } });
  expect(values).toMatchObject({ provider: 'minio', forcePathStyle: true, region: 'us-east-1', endpoint: 'http://localhost:9000' });
});

test('the endpoint of a preset follows the region while somebody types it', () => {
  const { values } = formAfter(FRESH, { type: 'changed', values: { provider: 'digitalocean' } }, ...typed('region', 'nyc3'));
  expect(values.endpoint).toBe('https://nyc3.digitaloceanspaces.com');
});

test('an endpoint that a person typed does not follow the region', () => {
  const { values } = formAfter(
    FRESH,
    { type: 'changed', values: { provider: 'digitalocean' } },
    ...typed('endpoint', 'https://cdn.example.org'),
    ...typed('region', 'nyc3'),
  );
  expect(values.endpoint).toBe('https://cdn.example.org');
});

test('an endpoint that is pasted from the provider’s console fills the region', () => {
  const { values } = formAfter(
    FRESH,
    { type: 'changed', values: { provider: 'backblaze' } },
    { type: 'changed', values: { endpoint: 'https://s3.us-west-004.backblazeb2.com' } },
  );
  expect(values.region).toBe('us-west-004');
});

test('choosing a preset keeps an endpoint that fits it, and clears one of another provider', () => {
  const pasted = formAfter(FRESH, { type: 'changed', values: { endpoint: 'https://ams3.digitaloceanspaces.com' } });
  expect(formAfter(STORED, { type: 'changed', values: { provider: 'aws' } }).values).toMatchObject({ endpoint: '', region: '' });
  const after = formAfter(
    { ...FRESH, endpoint: pasted.values.endpoint },
    { type: 'changed', values: { provider: 'digitalocean' } },
  );
  expect(after.values).toMatchObject({ endpoint: 'https://ams3.digitaloceanspaces.com', region: 'ams3' });
});

test('an own endpoint and region stay when somebody chooses a preset without a pattern', () => {
  const own = { ...FRESH, endpoint: 'https://s3.intern.example.net', region: 'garage' };
  expect(formAfter(own, { type: 'changed', values: { provider: 'other' } }).values).toMatchObject({
    endpoint: 'https://s3.intern.example.net',
    region: 'garage',
  });
});

test('choosing the same preset again changes nothing', () => {
  expect(formAfter(STORED, { type: 'changed', values: { provider: 'digitalocean' } }).values).toEqual(formAfter(STORED).values);
});

test('no preset leaves a placeholder in an endpoint, which is a URL once the region is known', () => {
  for (const preset of PRESETS) {
    const filled = endpointFor(preset, preset.region.examples[0] ?? 'x');
    expect(filled).not.toMatch(/[{}]/);
    if (filled) expect(() => new URL(filled)).not.toThrow();
    expect(endpointPlaceholder(preset)).not.toMatch(/[{}]/);
  }
});

test('a preset that the panel does not know falls back to “other”', () => {
  expect(presetOf('from-the-future').id).toBe('other');
});

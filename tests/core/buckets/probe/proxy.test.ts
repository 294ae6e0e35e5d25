import { proxyVariable } from '../../../../server/src/core/buckets/probe/proxy';

const PROXY = 'http://proxy:3128';

test.each([
  ['https://s3.example.com', { HTTPS_PROXY: PROXY }, 'HTTPS_PROXY'],
  ['https://s3.example.com', { https_proxy: PROXY, HTTPS_PROXY: PROXY }, 'https_proxy'],
  ['https://s3.example.com', { HTTP_PROXY: PROXY }, undefined],
  ['http://s3.example.com', { HTTP_PROXY: PROXY }, 'HTTP_PROXY'],
  ['http://s3.example.com', { HTTPS_PROXY: PROXY }, undefined],
  ['https://s3.example.com', { ALL_PROXY: PROXY }, 'ALL_PROXY'],
  [null, { HTTPS_PROXY: PROXY }, 'HTTPS_PROXY'],
  [null, { HTTPS_PROXY: PROXY, NO_PROXY: 'amazonaws.com' }, undefined],
  ['https://s3.example.com', { HTTPS_PROXY: '' }, undefined],
  ['https://s3.example.com', {}, undefined],
])('the endpoint %s with the variables %p has the proxy variable %s', (endpoint, variables, expected) => {
  expect(proxyVariable(variables, endpoint)).toBe(expected);
});

test.each([
  ['*', true],
  ['s3.example.com', true],
  ['S3.EXAMPLE.COM', true],
  ['example.com', true],
  ['.example.com', true],
  ['*.example.com', true],
  ['localhost, s3.example.com', true],
  ['s3.example.com:443', true],
  ['s3.example.com:9000', false],
  ['ample.com', false],
  ['other.com', false],
  [',', false],
])('NO_PROXY=%s exempts s3.example.com: %s', (NO_PROXY, exempts) => {
  expect(proxyVariable({ HTTPS_PROXY: PROXY, NO_PROXY }, 'https://s3.example.com') === undefined).toBe(exempts);
});

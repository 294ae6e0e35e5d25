import type { LookupAddress } from 'node:dns';
import dns from 'node:dns';

import { codeOf, type StorageError } from '../../../../server/src/core/errors';
import { isForbiddenAddress } from '../../../../server/src/core/store/s3/address';
import { assertResolvesToAllowed, guardedLookup, parseEndpoint } from '../../../../server/src/core/store/s3/endpoint';

const verdict = (text: string): string => {
  try {
    return parseEndpoint(text);
  } catch (error) {
    return codeOf(error);
  }
};

describe('endpoints that are allowed', () => {
  test.each([
    ['https://fra1.digitaloceanspaces.com', 'https://fra1.digitaloceanspaces.com'],
    ['https://s3.example.com/', 'https://s3.example.com'],
    ['HTTPS://S3.Example.COM:443', 'https://s3.example.com'],
    ['http://localhost:9000', 'http://localhost:9000'],
    ['http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['http://[::1]:9000', 'http://[::1]:9000'],
    ['http://[::ffff:127.0.0.1]:9000', 'http://[::ffff:7f00:1]:9000'],
    ['http://10.1.2.3', 'http://10.1.2.3'],
    ['http://192.168.1.9:9000', 'http://192.168.1.9:9000'],
    ['http://172.17.0.2:9000', 'http://172.17.0.2:9000'],
    ['http://minio:9000', 'http://minio:9000'],
    ['http://[fd12:3456::1]:9000', 'http://[fd12:3456::1]:9000'],
    ['https://ref.supabase.co/storage/v1/s3/', 'https://ref.supabase.co/storage/v1/s3'],
    ['http://100.64.0.1', 'http://100.64.0.1'],
  ])('%s is stored as %s', (text, stored) => expect(verdict(text)).toBe(stored));
});

describe('texts that are no URL', () => {
  test.each(['minio', 'localhost:9000', '', '//host', 'http:/host', 'http://', 'http://exa mple.com', 'http://[::1', 'https//x'])('%p is INVALID_SETTINGS', (text) =>
    expect(verdict(text)).toBe('INVALID_SETTINGS'),
  );
});

describe('endpoints that are refused', () => {
  test.each([
    'ftp://s3.example.com',
    'file:///etc/passwd',
    'javascript://x/%0aalert(1)',
    'https://user@s3.example.com',
    'https://user:pass@s3.example.com',
    'https://@s3.example.com',
    'https://s3.example.com?x=1',
    'https://s3.example.com/?',
    'https://s3.example.com/#',
    'https://s3.example.com\\@169.254.169.254',
    // these are link-local and metadata addresses, in every spelling that reaches them
    'http://169.254.169.254',
    'http://169.254.169.254.',
    'http://169.254.0.1:9000',
    'http://2852039166',
    'http://0xa9fea9fe',
    'http://0xA9.0xFE.0xA9.0xFE',
    'http://0251.0376.0251.0376',
    'http://169.254.43518',
    'http://169.16689662',
    'http://１６９.２５４.１６９.２５４',
    'http://169%2e254%2e169%2e254',
    'http://[::ffff:169.254.169.254]',
    'http://[::ffff:a9fe:a9fe]',
    'http://[0:0:0:0:0:ffff:a9fe:a9fe]',
    'http://[::a9fe:a9fe]',
    'http://[64:ff9b::a9fe:a9fe]',
    'http://[64:ff9b:1::a9fe:a9fe]',
    'http://[2001:0:a9fe:a9fe::1]',
    'http://[2002:a9fe:a9fe::1]',
    'http://[fe80::1]',
    'http://[febf::1]',
    'http://[fd00:ec2::254]',
    'http://[fd00:0ec2:0::0254]',
    'http://[ff02::1]',
    'http://[::]',
    'http://0.0.0.0',
    'http://0',
    'http://0.0.0.1',
    'http://224.0.0.1',
    'http://255.255.255.255',
    'http://100.100.100.200',
    'http://168.63.129.16',
    'http://192.0.0.192',
    'http://metadata.google.internal',
    'http://METADATA.google.internal.',
    'http://metadata',
    'http://instance-data',
  ])('%s is ENDPOINT_FORBIDDEN', (text) => expect(verdict(text)).toBe('ENDPOINT_FORBIDDEN'));
});

test('the message about a refused endpoint does not repeat its password', () => {
  expect.assertions(1);
  try {
    parseEndpoint('https://user:hunter22@s3.example.com');
  } catch (error) {
    expect((error as StorageError).message).not.toContain('hunter22');
  }
});

test('isForbiddenAddress is false for a host name, and true for a link-local address with a zone or inside IPv6', () => {
  expect(isForbiddenAddress('example.com')).toBe(false);
  expect(isForbiddenAddress('fe80::1%eth0')).toBe(true);
  expect(isForbiddenAddress('::ffff:169.254.1.1')).toBe(true);
});

describe('addresses in odd spellings', () => {
  test.each([
    '0:0:0:0:0:ffff:169.254.169.254',
    '::FFFF:A9FE:A9FE',
    '::ffff:0:169.254.1.1',
    '::169.254.1.1',
    '::2',
    '0064:FF9B:0:0:0:0:A9FE:A9FE',
    '64:ff9b::100.100.100.200',
    '64:ff9b:1:a9fe::',
    '2002:A9FE:0102:ffff::',
    '2002:e000:1::',
    'FE80:0000::0001%1',
    'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    'fd20:0ce:0::254',
    '0:0:0:0:0:0:0:0',
  ])('%s is forbidden', (address) => expect(isForbiddenAddress(address)).toBe(true));

  test.each([
    '0:0:0:0:0:0:0:1',
    '::0.0.0.1',
    '::1%lo',
    '::ffff:127.0.0.1',
    '::ffff:0:10.0.0.1',
    '64:ff9b::8.8.8.8',
    '2002:0a00:1::1',
    '2002:a9ff::',
    'fec0::1',
    'fe7f:ffff::1',
    '169.253.255.255',
    '169.255.0.0',
    '223.255.255.255',
    '100.100.100.201',
    '1.0.0.0',
  ])('%s is allowed', (address) => expect(isForbiddenAddress(address)).toBe(false));
});

describe('host names', () => {
  afterEach(() => jest.restoreAllMocks());

  /** Makes the machine's resolver give this answer. */
  const resolvingTo = (...addresses: string[]) => {
    const answer: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    const fake = (_name: string, _options: unknown, callback: (error: Error | null, found: LookupAddress[]) => void) => callback(null, answer);
    jest.spyOn(dns, 'lookup').mockImplementation(fake as unknown as typeof dns.lookup);
  };
  const look = (name: string, all: boolean) =>
    new Promise((resolve, reject) => guardedLookup(name, { all }, (error, found) => (error ? reject(error) : resolve(found))));

  test('resolve to one address or to all, as asked, when all are allowed', async () => {
    resolvingTo('10.0.0.7', 'fd12::7');
    await expect(look('minio', false)).resolves.toBe('10.0.0.7');
    await expect(look('minio', true)).resolves.toHaveLength(2);
    await expect(assertResolvesToAllowed('http://minio:9000')).resolves.toBeUndefined();
  });

  test('are refused whole when one of their addresses is forbidden', async () => {
    resolvingTo('10.0.0.7', '169.254.169.254');
    await expect(look('rebind.example', false)).rejects.toMatchObject({ code: 'ENDPOINT_FORBIDDEN' });
    await expect(look('rebind.example', true)).rejects.toMatchObject({ code: 'ENDPOINT_FORBIDDEN' });
    await expect(assertResolvesToAllowed('http://rebind.example')).rejects.toMatchObject({ code: 'ENDPOINT_FORBIDDEN' });
  });

  test('are refused when they belong to a metadata service, whatever their address is', async () => {
    resolvingTo('10.0.0.7');
    await expect(look('metadata.google.internal', false)).rejects.toMatchObject({ code: 'ENDPOINT_FORBIDDEN' });
  });

  test('keep the resolver’s error when they do not resolve', async () => {
    const missing = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    const fake = (_name: string, _options: unknown, callback: (error: Error) => void) => callback(missing);
    jest.spyOn(dns, 'lookup').mockImplementation(fake as unknown as typeof dns.lookup);
    await expect(look('nowhere.invalid', false)).rejects.toBe(missing);
    await expect(assertResolvesToAllowed('http://nowhere.invalid')).resolves.toBeUndefined();
  });
});

import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

import { printable, StorageError } from '../../errors';
import { isForbiddenAddress } from './address';

/** Host names under which clouds hand out credentials. Some resolve to addresses that look private. */
const FORBIDDEN_HOSTS: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.tencentyun.com',
  'instance-data',
  'instance-data.ec2.internal',
]);

/** Turns `[::1]` into `::1`, and `Host.` into `host`. The result is for comparisons only, and is never sent. */
function bareHost(hostname: string): string {
  return hostname.toLowerCase().replace(/^\[|\]$/g, '').replace(/\.+$/, '');
}

const forbid = (detail: string): StorageError =>
  new StorageError('ENDPOINT_FORBIDDEN', { operation: 'endpoint', detail, refused: true });

/** Refuses a forbidden host name or address without resolving it. @throws StorageError ENDPOINT_FORBIDDEN */
export function assertHostAllowed(hostname: string): void {
  const host = bareHost(hostname);
  if (host === '') throw forbid('no host name');
  if (FORBIDDEN_HOSTS.has(host) || isForbiddenAddress(host)) throw forbid(`${host} is never the address of a store`);
}

/**
 * Returns the endpoint in the form in which it is stored and used: scheme, host, port and path, without a trailing slash. The URL parser
 * turns the decimal, hexadecimal, octal and short spellings of an address into the usual one before this function judges the host.
 * @throws StorageError INVALID_SETTINGS when the text is no URL; ENDPOINT_FORBIDDEN when the URL is not allowed because it has another
 *   scheme than http(s), a user name, a query, a fragment, or a link-local, metadata, unspecified or multicast address.
 */
export function parseEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  // the parser accepts "localhost:9000" as a URL with the scheme "localhost"
  if (!url || !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    throw new StorageError('INVALID_SETTINGS', {
      operation: 'endpoint',
      detail: `“${printable(text, 80)}” is not a URL such as https://s3.example.com`,
      refused: true,
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw forbid(`${url.protocol} is neither http nor https`);
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/]*@/.test(text)) throw forbid('a user name or password in it');
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) throw forbid('a query or fragment in it');
  if (/[\p{Cc} \\]/u.test(text)) throw forbid('spaces, control characters or backslashes in it');
  assertHostAllowed(url.hostname);
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

/**
 * Replaces `dns.lookup` in the HTTP agents of the S3 client. It refuses a name that resolves to a forbidden address at every connection,
 * so that neither a redirect nor a DNS record that changes after the check leads there. Node never looks up a host that is written as an
 * address, but {@link parseEndpoint} has judged that. It fails with StorageError ENDPOINT_FORBIDDEN.
 */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) {
      callback(error, '', 0);
      return;
    }
    const refused = FORBIDDEN_HOSTS.has(bareHost(hostname)) || addresses.some(({ address }) => isForbiddenAddress(address));
    const first = addresses[0];
    if (refused || !first) {
      callback(forbid(`${printable(hostname)} resolves to an address that is never a store's`), '', 0);
    } else if (options.all) {
      callback(null, addresses);
    } else {
      callback(null, first.address, first.family);
    }
  });
};

/**
 * Refuses a host that resolves to a forbidden address. It accepts a name that does not resolve.
 * @throws StorageError ENDPOINT_FORBIDDEN
 */
export async function assertResolvesToAllowed(endpoint: string): Promise<void> {
  const { hostname } = new URL(endpoint);
  assertHostAllowed(hostname);
  if (isIP(bareHost(hostname))) return;
  await new Promise<void>((resolve, reject) => {
    guardedLookup(hostname, { all: true }, (error) => (error instanceof StorageError ? reject(error) : resolve()));
  });
}

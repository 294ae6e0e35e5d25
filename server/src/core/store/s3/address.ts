import { isIPv4, isIPv6 } from 'node:net';

/** [network, bits]: never the place of a store, but often of something that hands out credentials. */
const FORBIDDEN_V4: readonly [string, number][] = [
  ['0.0.0.0', 8], // "this host": Linux connects to itself
  ['169.254.0.0', 16], // link-local: metadata of Amazon, Google, Azure, DigitalOcean, …
  ['100.100.100.200', 32], // metadata of Alibaba
  ['168.63.129.16', 32], // Azure's host agent
  ['192.0.0.192', 32], // metadata of Oracle
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved and broadcast
];

const FORBIDDEN_V6: readonly [string, number][] = [
  ['::', 128],
  ['fe80::', 10], // link-local
  ['ff00::', 8], // multicast
  ['64:ff9b:1::', 48], // NAT64 of one's own (RFC 8215): where in it the IPv4 address stands is up to the network
  ['2001::', 32], // Teredo: an IPv4 address, scrambled
  ['fd00:ec2::', 64], // metadata and other services of Amazon's instances
  ['fd20:ce::254', 128], // metadata of Google
  ['fd00:42::42', 128], // metadata of Scaleway
];

/** Networks whose addresses carry an IPv4 address, and the byte it starts at. */
const CARRIES_V4: readonly [string, number, number][] = [
  ['::ffff:0:0', 96, 12], // IPv4-mapped
  ['::ffff:0:0:0', 96, 12], // IPv4-translated
  ['::', 96, 12], // IPv4-compatible
  ['64:ff9b::', 96, 12], // NAT64
  ['2002::', 16, 2], // 6to4
];

function bytesV4(address: string): number[] {
  return address.split('.').map(Number);
}

/** The 16 bytes of a valid IPv6 address in any spelling, without its zone. */
function bytesV6(address: string): number[] {
  let plain = address.replace(/%.*$/, '');
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(plain);
  if (tail?.[1] !== undefined && tail[2] !== undefined) {
    const [a = 0, b = 0, c = 0, d = 0] = bytesV4(tail[2]);
    plain = `${tail[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [head = '', rest] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = rest === undefined || rest === '' ? [] : rest.split(':');
  const groups = [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after];
  return groups.flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}

function within(bytes: readonly number[], network: readonly number[], bits: number): boolean {
  for (let bit = 0; bit < bits; bit += 8) {
    const mask = bits - bit >= 8 ? 255 : (255 << (8 - (bits - bit))) & 255;
    if (((bytes[bit / 8] ?? 0) & mask) !== ((network[bit / 8] ?? 0) & mask)) return false;
  }
  return true;
}

/**
 * True for addresses that no store has and a request must not reach: link-local, metadata, unspecified, multicast, in
 * any spelling. Loopback and private networks are allowed: that is where a MinIO of one's own lives.
 * A text that is no IP address is not forbidden here.
 */
export function isForbiddenAddress(address: string): boolean {
  if (isIPv4(address)) {
    const bytes = bytesV4(address);
    return FORBIDDEN_V4.some(([network, bits]) => within(bytes, bytesV4(network), bits));
  }
  if (!isIPv6(address)) return false;
  const bytes = bytesV6(address);
  if (within(bytes, bytesV6('::1'), 128)) return false;
  if (FORBIDDEN_V6.some(([network, bits]) => within(bytes, bytesV6(network), bits))) return true;
  return CARRIES_V4.some(
    ([network, bits, at]) => within(bytes, bytesV6(network), bits) && isForbiddenAddress(bytes.slice(at, at + 4).join('.')),
  );
}

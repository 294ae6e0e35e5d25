import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Networks as [network, bits]. A store never lies in them, but services that hand out credentials often do. */
const FORBIDDEN_V4: readonly [string, number][] = [
  ['0.0.0.0', 8], // "this host": Linux connects to the machine itself
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
  ['64:ff9b:1::', 48], // local NAT64 (RFC 8215): each network decides where in it the IPv4 address stands
  ['2001::', 32], // Teredo: it carries an obfuscated IPv4 address
  ['fd00:ec2::', 64], // metadata and other services of Amazon's instances
  ['fd20:ce::254', 128], // metadata of Google
  ['fd00:42::42', 128], // metadata of Scaleway
];

/** Networks whose addresses carry an IPv4 address: the number of bits before it, and a function that returns the carrying address. */
const CARRIERS: readonly [number, (address: string) => string][] = [
  [96, (address) => `::ffff:${address}`], // IPv4-mapped
  [96, (address) => `::ffff:0:${address}`], // IPv4-translated
  [96, (address) => `::${address}`], // IPv4-compatible
  [96, (address) => `64:ff9b::${address}`], // NAT64
  [16, (address) => `2002:${hexOf(address)}::`], // 6to4
];

/** Returns `a9fe:0102` for `169.254.1.2`. */
function hexOf(address: string): string {
  return Buffer.from(address.split('.').map(Number)).toString('hex').replace(/^.{4}/, '$&:');
}

const forbiddenV4 = new BlockList();
for (const [network, bits] of FORBIDDEN_V4) forbiddenV4.addSubnet(network, bits, 'ipv4');

// two lists are needed: a single one would compare IPv4 addresses with the IPv6 networks as well
const forbiddenV6 = new BlockList();
for (const [network, bits] of FORBIDDEN_V6) forbiddenV6.addSubnet(network, bits, 'ipv6');
for (const [before, carrying] of CARRIERS) {
  for (const [network, bits] of FORBIDDEN_V4) forbiddenV6.addSubnet(carrying(network), before + bits, 'ipv6');
}

/** The IPv6 loopback address. It must be exempt, because it looks as if it carried an IPv4 address of "this host". */
const loopbackV6 = new BlockList();
loopbackV6.addAddress('::1', 'ipv6');

/**
 * Returns true for addresses that no store has and that a request must not reach: link-local, metadata, unspecified and multicast
 * addresses in any spelling. Loopback and private networks are allowed, because self-hosted servers such as MinIO run there.
 * It also returns false for a text that is no IP address.
 */
export function isForbiddenAddress(address: string): boolean {
  if (isIPv4(address)) return forbiddenV4.check(address, 'ipv4');
  if (!isIPv6(address)) return false;
  const withoutZone = address.replace(/%.*$/, '');
  return !loopbackV6.check(withoutZone, 'ipv6') && forbiddenV6.check(withoutZone, 'ipv6');
}

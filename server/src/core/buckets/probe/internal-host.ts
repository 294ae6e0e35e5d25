import { BlockList, isIP } from 'node:net';

/** Networks that no browser outside reaches: loopback, private (RFC 1918, RFC 6598, RFC 4193). */
const INTERNAL = new BlockList();
for (const [network, bits] of [['127.0.0.0', 8], ['10.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16], ['100.64.0.0', 10]] as const) INTERNAL.addSubnet(network, bits, 'ipv4');
INTERNAL.addAddress('::1', 'ipv6');
INTERNAL.addSubnet('fc00::', 7, 'ipv6');

/** Ends of names that only an inner network knows. */
const INTERNAL_NAMES = /(?:^|\.)(?:localhost|local|internal|lan|svc|home\.arpa)$/;

/** Whether browsers of visitors probably cannot reach an endpoint under its name: it has one label, or an inner network's name or address. */
export function isInternal(endpoint: string): boolean {
  const host = new URL(endpoint).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const family = isIP(host);
  if (family !== 0) return INTERNAL.check(host, family === 6 ? 'ipv6' : 'ipv4');
  return !host.includes('.') || INTERNAL_NAMES.test(host);
}

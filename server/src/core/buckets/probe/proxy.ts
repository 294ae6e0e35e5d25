/** Amazon's endpoints, as a host name that NO_PROXY may have. */
const AMAZON = 'https://s3.amazonaws.com';

/**
 * The variable that tells programs to reach the endpoint by way of a proxy; undefined: none does. The S3 client connects
 * directly all the same: behind a proxy, the check of the address that a name resolves to would be the proxy's.
 */
export function proxyVariable(variables: Readonly<Record<string, string | undefined>>, endpoint: string | null): string | undefined {
  const { protocol, hostname, port } = new URL(endpoint ?? AMAZON);
  const scheme = protocol.slice(0, -1);
  const name = [`${scheme}_proxy`, `${scheme.toUpperCase()}_PROXY`, 'all_proxy', 'ALL_PROXY'].find((candidate) => variables[candidate]);
  if (name === undefined) return undefined;
  const exempt = (variables['no_proxy'] || variables['NO_PROXY'] || '').split(/[\s,]+/).filter(Boolean);
  return exempt.some((entry) => isExempt(entry.toLowerCase(), hostname, port || (scheme === 'https' ? '443' : '80'))) ? undefined : name;
}

/** `*`, `host`, `.host`, `*.host`, each with or without a port; a host's sub-domains are meant as well. */
function isExempt(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true;
  const [, host = '', itsPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  const domain = host.replace(/^\*?\./, '');
  return (itsPort === undefined || itsPort === port) && domain !== '' && (hostname === domain || hostname.endsWith(`.${domain}`));
}

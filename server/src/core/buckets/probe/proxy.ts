/** An endpoint of Amazon. NO_PROXY may name its host. */
const AMAZON = 'https://s3.amazonaws.com';

/**
 * Returns the name of the variable that tells programs to reach the endpoint through a proxy; undefined where none does. The S3 client
 * connects directly all the same: through a proxy, it could not check the address to which the endpoint's name resolves.
 */
export function proxyVariable(variables: Readonly<Record<string, string | undefined>>, endpoint: string | null): string | undefined {
  const { protocol, hostname, port } = new URL(endpoint ?? AMAZON);
  const scheme = protocol.slice(0, -1);
  const name = [`${scheme}_proxy`, `${scheme.toUpperCase()}_PROXY`, 'all_proxy', 'ALL_PROXY'].find((candidate) => variables[candidate]);
  if (name === undefined) return undefined;
  const exempt = (variables['no_proxy'] || variables['NO_PROXY'] || '').split(/[\s,]+/).filter(Boolean);
  return exempt.some((entry) => isExempt(entry.toLowerCase(), hostname, port || (scheme === 'https' ? '443' : '80'))) ? undefined : name;
}

/** Whether an entry exempts the host: `*`, `host`, `.host` or `*.host`, each with or without a port. A host includes its sub-domains. */
function isExempt(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true;
  const [, host = '', itsPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  const domain = host.replace(/^\*?\./, '');
  return (itsPort === undefined || itsPort === port) && domain !== '' && (hostname === domain || hostname.endsWith(`.${domain}`));
}

const REGION = '[a-z]{2,5}(?:-[a-z]+)+-\\d+';

/**
 * Matches the host names of Amazon S3: see https://docs.aws.amazon.com/general/latest/gr/s3.html. The first group is the text before
 * the endpoint (a bucket), and the next two are its region. Other services under Amazon's name, such as a load balancer or an Object
 * Lambda, do not match, because they run the code of one of Amazon's customers.
 */
const AMAZON = new RegExp(
  `^(.+\\.)?(?:s3(?:-(?:fips|accelerate|external-1|(${REGION})))?(?:\\.dualstack)?(?:\\.(${REGION}))?|s3\\.${REGION}\\.vpce)\\.amazonaws\\.(?:com|com\\.cn|eu)$`,
);

function hostOf(endpoint: string): string {
  return new URL(endpoint).hostname.replace(/\.$/, '');
}

/**
 * Whether requests to an endpoint arrive at Amazon S3 and nowhere else: the endpoint is left out, or is one of Amazon's own
 * (of a region, dual-stack, FIPS, accelerated, of a VPC, of China). An endpoint without TLS does not count, because anybody on the
 * network could answer in its place.
 * @param endpoint the endpoint as `parseEndpoint` spells it; null: it is left out
 */
export function isAmazon(endpoint: string | null): boolean {
  if (endpoint === null) return true;
  const url = new URL(endpoint);
  return url.protocol === 'https:' && url.port === '' && url.pathname === '/' && AMAZON.test(hostOf(endpoint));
}

/**
 * Returns a text that two endpoints have in common only if they surely lead to the same store. A dot at the end of a host name
 * means nothing to a store. Bucket names are unique in each part of Amazon's cloud, whichever endpoint a request uses.
 * (The URL parser has already made upper case, default ports and the spellings of an IP address equal.)
 * @param endpoint the endpoint as `parseEndpoint` spells it; empty: Amazon's endpoint of the region
 */
export function endpointIdentity(endpoint: string, region: string): string {
  if (endpoint === '') return `amazon ${partOfRegion(region)}`;
  const url = new URL(endpoint);
  const amazon = isAmazon(endpoint) ? AMAZON.exec(hostOf(endpoint)) : null;
  // an endpoint with the name of a bucket or a VPC in front may be another place
  if (amazon && amazon[1] === undefined) return `amazon ${partOfRegion(amazon[2] ?? amazon[3] ?? 'us-east-1')}`;
  return `${url.protocol}//${hostOf(endpoint)}:${url.port}${url.pathname.replace(/\/+$/, '')}`;
}

/**
 * Whether two endpoints surely lead to the same store.
 * @param region the region that requests are signed for; it tells the parts of Amazon's cloud apart
 */
export function isSameEndpoint(one: string | null, other: string | null, region: string): boolean {
  return endpointIdentity(one ?? '', region) === endpointIdentity(other ?? '', region);
}

function partOfRegion(region: string): string {
  if (region.startsWith('cn-')) return 'cn';
  if (region.startsWith('us-gov-')) return 'us-gov';
  return region.startsWith('eusc-') ? 'eu' : 'aws';
}

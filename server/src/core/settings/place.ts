const REGION = '[a-z]{2,5}(?:-[a-z]+)+-\\d+';

/**
 * Host names of Amazon S3: see https://docs.aws.amazon.com/general/latest/gr/s3.html. The first group is what stands before
 * the endpoint (a bucket), the next two are its region. Other services under Amazon's name, such as a load balancer or an Object
 * Lambda, run what one of its customers has put there.
 */
const AMAZON = new RegExp(
  `^(.+\\.)?(?:s3(?:-(?:fips|accelerate|external-1|(${REGION})))?(?:\\.dualstack)?(?:\\.(${REGION}))?|s3\\.${REGION}\\.vpce)\\.amazonaws\\.(?:com|com\\.cn|eu)$`,
);

function hostOf(endpoint: string): string {
  return new URL(endpoint).hostname.replace(/\.$/, '');
}

/**
 * Whether requests to an endpoint arrive at Amazon S3 and nowhere else: the endpoint is left out, or is one of Amazon's own
 * (of a region, dual-stack, FIPS, accelerated, of a VPC, of China). Without TLS anybody on the way could answer.
 * @param endpoint as `parseEndpoint` spells it; null: the endpoint is left out
 */
export function isAmazon(endpoint: string | null): boolean {
  if (endpoint === null) return true;
  const url = new URL(endpoint);
  return url.protocol === 'https:' && url.port === '' && url.pathname === '/' && AMAZON.test(hostOf(endpoint));
}

/**
 * A text that two endpoints have in common only if they surely lead to the same store. A dot at the end of a host name
 * means nothing to a store. Bucket names are unique in each part of Amazon's cloud, whichever of its endpoints is asked.
 * (The URL parser has undone upper case, default ports and the spellings of an IP address before.)
 * @param endpoint as `parseEndpoint` spells it; empty: Amazon's of the region
 */
export function placeOfEndpoint(endpoint: string, region: string): string {
  if (endpoint === '') return `amazon ${partOfRegion(region)}`;
  const url = new URL(endpoint);
  const amazon = isAmazon(endpoint) ? AMAZON.exec(hostOf(endpoint)) : null;
  // with a bucket or a VPC's name in front it may be another place
  if (amazon && amazon[1] === undefined) return `amazon ${partOfRegion(amazon[2] ?? amazon[3] ?? 'us-east-1')}`;
  return `${url.protocol}//${hostOf(endpoint)}:${url.port}${url.pathname.replace(/\/+$/, '')}`;
}

/** @param region what requests are signed for, which tells the parts of Amazon's cloud apart */
export function isSameEndpoint(one: string | null, other: string | null, region: string): boolean {
  return placeOfEndpoint(one ?? '', region) === placeOfEndpoint(other ?? '', region);
}

function partOfRegion(region: string): string {
  if (region.startsWith('cn-')) return 'cn';
  if (region.startsWith('us-gov-')) return 'us-gov';
  return region.startsWith('eusc-') ? 'eu' : 'aws';
}

import { parseEndpoint } from '../../../server/src/core/store/s3/endpoint';
import { isAmazon, endpointIdentity } from '../../../server/src/core/settings/endpoint-identity';

describe('isAmazon', () => {
  test.each([
    's3.amazonaws.com',
    's3.eu-central-1.amazonaws.com',
    's3-eu-west-1.amazonaws.com',
    's3.dualstack.eu-west-1.amazonaws.com',
    's3-fips.us-gov-west-1.amazonaws.com',
    's3-fips.dualstack.us-east-1.amazonaws.com',
    's3-accelerate.amazonaws.com',
    'bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com',
    's3.cn-north-1.amazonaws.com.cn',
    's3.eusc-de-east-1.amazonaws.eu',
    'S3.EU-Central-1.AmazonAWS.com.',
  ])('is true for %s', (host) => expect(isAmazon(parseEndpoint(`https://${host}/`))).toBe(true));

  test.each([
    ['a load balancer of a customer', 'https://x-1.us-east-1.elb.amazonaws.com'],
    ['a load balancer that is named like S3', 'https://s3.us-east-1.elb.amazonaws.com'],
    ['a machine of a customer', 'https://ec2-1-2-3-4.compute-1.amazonaws.com'],
    ['an API of a customer', 'https://abc.execute-api.us-east-1.amazonaws.com'],
    ['an Object Lambda of a customer', 'https://ap-1.s3-object-lambda.us-east-1.amazonaws.com'],
    ['a service of a customer', 'https://vpce-1.vpce-svc-2.us-east-1.vpce.amazonaws.com'],
    ['a longer name', 'https://s3.amazonaws.com.evil.example'],
    ['a name that ends alike', 'https://evils3.amazonaws.com'],
    ['an endpoint without TLS', 'http://s3.amazonaws.com'],
    ['another port than 443', 'https://s3.amazonaws.com:8443'],
    ['another store', 'https://fra1.digitaloceanspaces.com'],
  ])('is false for %s', (_what, endpoint) => expect(isAmazon(parseEndpoint(endpoint))).toBe(false));

  test('is true for no endpoint at all', () => expect(isAmazon(null)).toBe(true));
});

describe('endpointIdentity', () => {
  const identity = (endpoint: string, region = 'us-east-1') => endpointIdentity(endpoint === '' ? '' : parseEndpoint(endpoint), region);

  test.each([
    ['https://s3.example.com', 'HTTPS://S3.Example.COM:443/'],
    ['https://s3.example.com', 'https://s3.example.com.'],
    ['http://127.0.0.1:9000', 'http://2130706433:9000//'],
    ['http://minio', 'http://minio:80'],
    ['', 'https://s3.eu-central-1.amazonaws.com'],
    ['https://s3.amazonaws.com', 'https://s3.dualstack.eu-west-1.amazonaws.com'],
  ])('gives %p and %p the same identity', (one, other) => expect(identity(one)).toBe(identity(other)));

  test.each([
    ['https://s3.example.com', 'http://s3.example.com'],
    ['https://s3.example.com', 'https://s3.example.com:444'],
    ['https://s3.example.com', 'https://s3.example.com/tenant'],
    ['http://localhost:9000', 'http://127.0.0.1:9000'],
    ['', 'https://s3.cn-north-1.amazonaws.com.cn'],
    ['', 'https://s3-us-gov-west-1.amazonaws.com'],
    ['', 'https://media.s3.amazonaws.com'],
  ])('gives %p and %p different identities', (one, other) => expect(identity(one)).not.toBe(identity(other)));

  test('tells the parts of Amazon’s cloud apart by the region', () => {
    expect(identity('', 'eu-west-1')).toBe(identity('', 'us-east-1'));
    expect(identity('', 'cn-north-1')).toBe(identity('https://s3.cn-north-1.amazonaws.com.cn'));
    expect(identity('', 'us-gov-west-1')).not.toBe(identity('', 'us-east-1'));
  });
});

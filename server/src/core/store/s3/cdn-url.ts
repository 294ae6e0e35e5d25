import { getSignedUrl } from '@aws-sdk/cloudfront-signer';

/** A key pair of CloudFront, which a distribution with restricted access asks for. */
export interface CdnKey {
  readonly keyPairId: string;
  /** The RSA private key, as PEM. */
  readonly privateKey: string;
}

/**
 * Signs the URL of a CloudFront distribution until a time. @throws the error of OpenSSL for a text that is no private key
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
 */
export function signedCdnUrl(url: string, { keyPairId, privateKey }: CdnKey, until: Date): string {
  return getSignedUrl({ url, keyPairId, privateKey, dateLessThan: until });
}

/** Returns a private key as PEM from an environment variable, whose line breaks may be written as `\n`; undefined without one. */
export function privateKeyFrom(variable: string | undefined): string | undefined {
  return variable?.trim().replaceAll('\\n', '\n') || undefined;
}

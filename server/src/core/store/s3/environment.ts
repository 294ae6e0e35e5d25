import type { S3ClientConfig } from '@aws-sdk/client-s3';

/**
 * What the SDK would otherwise take from the environment (`AWS_…`) or from the shared files (`~/.aws/config`): any of it could
 * send files elsewhere, or otherwise, than the settings of this plugin say. Whatever is not here, and is set by the environment
 * all the same, {@link createS3Client} sets itself (region, checksums, number of attempts). Credentials alone may come from
 * there, and only where the settings name no key: `role-credentials.ts`.
 *
 * Source: `runtimeConfig.js` of @aws-sdk/client-s3 3.1173, each call of `loadConfig` there and in the packages it imports.
 */
export const NOT_FROM_THE_ENVIRONMENT = {
  // AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3, endpoint_url
  ignoreConfiguredEndpointUrls: true,
  // AWS_USE_DUALSTACK_ENDPOINT, AWS_USE_FIPS_ENDPOINT
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  // AWS_S3_USE_ARN_REGION, AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS, AWS_S3_DISABLE_EXPRESS_SESSION_AUTH
  useArnRegion: false,
  disableMultiregionAccessPoints: false,
  disableS3ExpressSessionAuth: false,
  useAccelerateEndpoint: false,
  // AWS_AUTH_SCHEME_PREFERENCE, AWS_SIGV4A_SIGNING_REGION_SET
  authSchemePreference: [],
  sigv4aSigningRegionSet: () => Promise.resolve(undefined),
  // AWS_DISABLE_CLOCK_SKEW_CORRECTION
  disableClockSkewCorrection: false,
  // AWS_RETRY_MODE: "adaptive" makes requests wait
  retryMode: 'standard',
  // AWS_DEFAULTS_MODE: "auto" asks the metadata service of a cloud
  defaultsMode: 'legacy',
  // AWS_SDK_UA_APP_ID, AWS_EXECUTION_ENV
  userAgentAppId: () => Promise.resolve(undefined),
  defaultUserAgentProvider: () => Promise.resolve([['aws-sdk-js', '3']]),
} satisfies S3ClientConfig;

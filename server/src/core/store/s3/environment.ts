import type { S3ClientConfig } from '@aws-sdk/client-s3';

/**
 * The options that the SDK would otherwise take from the environment (`AWS_…`) or from the shared files (`~/.aws/config`). Each of them
 * could send files to another place, or in another way, than the settings of this plugin say. {@link createS3Client} sets the other
 * options that the environment could change (region, checksums, number of attempts). Only credentials may come from the environment, and
 * only where the settings name no key, see `role-credentials.ts`.
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
  // AWS_RETRY_MODE: "adaptive" would make requests wait
  retryMode: 'standard',
  // AWS_DEFAULTS_MODE: "auto" would ask the metadata service of a cloud
  defaultsMode: 'legacy',
  // AWS_SDK_UA_APP_ID, AWS_EXECUTION_ENV
  userAgentAppId: () => Promise.resolve(undefined),
  defaultUserAgentProvider: () => Promise.resolve([['aws-sdk-js', '3']]),
} satisfies S3ClientConfig;

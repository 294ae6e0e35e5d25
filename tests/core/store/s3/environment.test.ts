import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

interface Caught {
  line: string;
  headers: IncomingHttpHeaders;
}

/** A server that answers 404 to everything and remembers the requests. */
async function capture(): Promise<{ server: Server; url: string; caught: Caught[] }> {
  const caught: Caught[] = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const { date: _date, authorization, 'x-amz-date': _amzDate, 'amz-sdk-invocation-id': _id, ...steady } = headers;
    // the header keeps the key and the region of the signature, without the day and the signature itself
    caught.push({ line: `${method} ${url}`, headers: { ...steady, authorization: authorization?.replace(/\/\d{8}\/|Signature=\w+/g, '/') } });
    request.resume().on('end', () => response.writeHead(404, { 'content-type': 'application/xml' }).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, caught };
}

let folder: string;
let own: Awaited<ReturnType<typeof capture>>;
let stranger: Awaited<ReturnType<typeof capture>>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 's3-environment-'));
  [own, stranger] = [await capture(), await capture()];
});
afterAll(async () => {
  for (const { server } of [own, stranger]) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true, force: true });
});

const CLEAN = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS_|_X_AMZN|.*_PROXY$|.*_proxy$)/.test(name)));

/** The requests that a process with these variables sends, and their outcomes. */
async function sent(variables: Record<string, string>) {
  own.caught.length = 0;
  stranger.caught.length = 0;
  const child = path.join(__dirname, 'environment-child.ts');
  const env = { ...CLEAN, AWS_CONFIG_FILE: '/none', AWS_SHARED_CREDENTIALS_FILE: '/none', NODE_NO_WARNINGS: '1', ...variables };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', child, own.url], { env });
  const { amazon, endpoint } = JSON.parse(stdout) as { amazon: { outcomes: string[]; seen: { hostname: string }[] }; endpoint: { outcomes: string[] } };
  return { amazon, endpoint, caught: [...own.caught], strange: [...stranger.caught] };
}

const settings = (url: string): Record<string, string> => ({
  endpoint_url: url,
  region: 'ap-south-1',
  use_dualstack_endpoint: 'true',
  use_fips_endpoint: 'true',
  s3_use_arn_region: 'true',
  s3_disable_multiregion_access_points: 'true',
  s3_disable_express_session_auth: 'true',
  retry_mode: 'adaptive',
  max_attempts: '9',
  request_checksum_calculation: 'when_supported',
  response_checksum_validation: 'when_supported',
  sdk_ua_app_id: 'stranger',
  sigv4a_signing_region_set: '*',
  auth_scheme_preference: 'sigv4a',
  defaults_mode: 'mobile',
  account_id_endpoint_mode: 'required',
  disable_clock_skew_correction: 'true',
});

/** All variables that the SDK reads or once read, and those that name proxies. */
const variables = (url: string): Record<string, string> => ({
  AWS_ENDPOINT_URL: url,
  AWS_ENDPOINT_URL_S3: url,
  AWS_REGION: 'ap-south-1',
  AWS_DEFAULT_REGION: 'ap-south-1',
  AWS_USE_DUALSTACK_ENDPOINT: 'true',
  AWS_USE_FIPS_ENDPOINT: 'true',
  AWS_S3_USE_ARN_REGION: 'true',
  AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS: 'true',
  AWS_S3_DISABLE_EXPRESS_SESSION_AUTH: 'true',
  AWS_S3_US_EAST_1_REGIONAL_ENDPOINT: 'legacy',
  AWS_RETRY_MODE: 'adaptive',
  AWS_MAX_ATTEMPTS: '9',
  AWS_REQUEST_CHECKSUM_CALCULATION: 'WHEN_SUPPORTED',
  AWS_RESPONSE_CHECKSUM_VALIDATION: 'WHEN_SUPPORTED',
  AWS_SDK_UA_APP_ID: 'stranger',
  AWS_EXECUTION_ENV: 'stranger',
  AWS_SIGV4A_SIGNING_REGION_SET: '*',
  AWS_AUTH_SCHEME_PREFERENCE: 'sigv4a',
  AWS_DEFAULTS_MODE: 'mobile',
  AWS_ACCOUNT_ID_ENDPOINT_MODE: 'required',
  AWS_DISABLE_CLOCK_SKEW_CORRECTION: 'true',
  AWS_LAMBDA_FUNCTION_NAME: 'stranger',
  _X_AMZN_TRACE_ID: 'Root=stranger',
  AWS_CA_BUNDLE: '/none',
  AWS_ACCESS_KEY_ID: 'STRANGER',
  AWS_SECRET_ACCESS_KEY: 'stranger',
  AWS_SESSION_TOKEN: 'stranger',
  AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
  HTTP_PROXY: url,
  HTTPS_PROXY: url,
  ALL_PROXY: url,
  http_proxy: url,
  https_proxy: url,
});

test('requests follow the settings alone, whatever the environment and the shared files of the SDK say', async () => {
  const plain = await sent({});
  expect(plain.amazon.seen.map(({ hostname }) => hostname)).toEqual(Array(4).fill('bucket.s3.eu-west-1.amazonaws.com'));
  expect(plain.caught).toHaveLength(4);
  expect(plain.caught[0]).toMatchObject({ line: expect.stringContaining('PUT /bucket/a.txt') as string, headers: { authorization: expect.stringContaining('Credential=KEY/eu-west-1/s3/') as string } });

  expect(await sent(variables(stranger.url))).toEqual(plain);

  const lines = Object.entries(settings(stranger.url)).map(([name, value]) => `${name} = ${value}\n`).join('');
  const s3 = `s3 =\n  addressing_style = path\n  use_accelerate_endpoint = true\n  endpoint_url = ${stranger.url}\n`;
  await writeFile(path.join(folder, 'config'), `[default]\n${lines}services = own\n[profile other]\n${lines}services = own\n[services own]\n${s3}`);
  for (const AWS_PROFILE of ['default', 'other']) {
    expect(await sent({ AWS_PROFILE, AWS_CONFIG_FILE: path.join(folder, 'config') })).toEqual(plain);
  }
}, 60_000);

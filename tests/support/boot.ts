import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { startProcess, waitUntil, type RunningProcess } from './process';

/** A first boot makes about a hundred tables, which takes a while on two busy cores. */
const BOOT_TIMEOUT_MS = 90_000;

/** Variables that the parent has set for itself must not configure the app under test. */
const cleanEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS_|S3_STORAGE_|DATABASE_|NODE_OPTIONS$|JEST_)/.test(name)));

/** Runs `strapi start` in a built app, and resolves when it answers. */
export async function bootStrapi(appDir: string, port: number, env: Record<string, string>): Promise<RunningProcess> {
  const strapi = path.join(appDir, 'node_modules/@strapi/strapi/bin/strapi.js');
  // a process that is killed leaves the files that it was receiving: they go with the app's folder
  const temporary = path.join(appDir, '.tmp/system');
  await mkdir(temporary, { recursive: true });
  const running = startProcess(process.execPath, [strapi, 'start'], {
    cwd: appDir,
    env: {
      ...cleanEnv(),
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      TMPDIR: temporary,
      STRAPI_TELEMETRY_DISABLED: 'true',
      // the machine's own chain of credentials and its metadata address stay out of the tests
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      ...env,
    },
  });
  try {
    await waitUntil(
      `Strapi on port ${port}`,
      async () => running.exited() !== null || (await fetch(`http://127.0.0.1:${port}/_health`)).status === 204,
      BOOT_TIMEOUT_MS,
    );
  } catch (error) {
    await running.stop('SIGKILL');
    throw new Error(`Strapi did not answer:\n${running.logs().slice(-4_000)}`, { cause: error });
  }
  if (running.exited()) throw new Error(`Strapi ended while it started:\n${running.logs().slice(-4_000)}`);
  return running;
}

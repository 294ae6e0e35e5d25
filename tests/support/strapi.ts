import { existsSync } from 'node:fs';
import path from 'node:path';

import { adminClient, registerAdmin, type AdminClient } from './admin-client';
import { bootStrapi } from './boot';
import { buildPlayground } from './build';
import { layOutApp, makeSecrets } from './playground-app';
import { freePort, removeFolder, tempFolder } from './process';
import { freshDatabase, type TestDatabase } from './test-database';

export { buildPlayground } from './build';
export type { UploadedFile } from './admin-client';

export type { TestDatabase } from './test-database';

export interface StartOptions {
  /** Variables that override those of the child's environment. */
  env?: Record<string, string>;
  port?: number;
  /** The app folder of an instance that was stopped or killed, to go on with. Default: a fresh one. */
  appDir?: string;
  /** Another instance's secrets, with which this one can read a copy of its database. */
  secrets?: Record<string, string>;
  /** Default: a fresh database of the kind under test. To go on with a database, give it together with `appDir`. */
  database?: TestDatabase;
}

export interface StrapiInstance extends AdminClient {
  readonly url: string;
  readonly pid: number;
  readonly appDir: string;
  readonly uploadsDir: string;
  /** Null with a database server. */
  readonly databaseFile: string | null;
  readonly database: TestDatabase;
  readonly secrets: Record<string, string>;
  readonly adminToken: string;
  /** The variables that configure the app, for commands that run beside it. */
  readonly environment: Record<string, string>;
  logs(): string;
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<void>;
  /** Sends SIGKILL, which is a crash. */
  kill(): Promise<void>;
  /** Stops it if it runs, and starts it again on the same port, folder and database. */
  restart(env?: Record<string, string>): Promise<void>;
  /** Stops it and removes its folder. */
  discard(): Promise<void>;
}

/** The administrator of every test app. The app lives in a throw-away folder and listens on the loopback interface only. */
export const ADMIN = { firstname: 'Ada', lastname: 'Admin', email: 'ada@example.com', password: 'Correct-horse-1' };

const databaseEnv = (database: TestDatabase, file: string | null): Record<string, string> =>
  database.client === 'sqlite'
    ? { DATABASE_CLIENT: 'sqlite', DATABASE_FILENAME: file ?? '' }
    : { DATABASE_CLIENT: database.client, DATABASE_URL: database.url };

/** Starts the built playground in a child process, with an administrator who is logged in. */
export async function startStrapi(options: StartOptions = {}): Promise<StrapiInstance> {
  await buildPlayground();
  const database = options.database ?? (await freshDatabase());
  const appDir = options.appDir ?? (await tempFolder('app'));
  if (!existsSync(path.join(appDir, 'package.json'))) await layOutApp(appDir);

  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const secrets = options.secrets ?? makeSecrets();
  const databaseFile = database.client === 'sqlite' ? (database.file ?? path.join(appDir, '.tmp/data.db')) : null;
  const envFor = (extra: Record<string, string> = {}) => ({ ...secrets, ...databaseEnv(database, databaseFile), ...options.env, ...extra });

  let running = await bootStrapi(appDir, port, envFor());
  let token: string;
  try {
    token = await registerAdmin(url, ADMIN);
  } catch (error) {
    await running.stop('SIGKILL');
    throw error;
  }
  const stop = () => running.stop('SIGTERM', 20_000);

  return {
    ...adminClient(url, () => token),
    url,
    get pid() {
      return running.pid;
    },
    appDir,
    uploadsDir: path.join(appDir, 'public/uploads'),
    databaseFile,
    database,
    secrets,
    get adminToken() {
      return token;
    },
    environment: envFor(),
    logs: () => running.logs(),
    stop,
    kill: () => running.stop('SIGKILL'),
    async restart(env) {
      await stop();
      running = await bootStrapi(appDir, port, envFor(env));
      token = await registerAdmin(url, ADMIN);
    },
    async discard() {
      await stop();
      await removeFolder(appDir);
    },
  };
}

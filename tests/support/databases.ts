import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import knex from 'knex';
import { freePort, removeFolder, run, startProcess, tempFolder, waitUntil, which, type RunningProcess } from './process';

/** A throw-away database server on a free port of this machine. */
export interface DatabaseServer {
  /** The URL names a user that may create databases and schemas. */
  readonly url: string;
  stop(): Promise<void>;
}

export const hasPostgres = (): boolean => postgresFolder() !== null;

/** @returns null where PostgreSQL is not installed */
export async function startPostgres(): Promise<DatabaseServer | null> {
  const bin = postgresFolder();
  if (!bin) return null;
  const as = identity('postgres');
  const folder = await tempFolder('postgres');
  if (as.uid !== undefined && as.gid !== undefined) chownSync(folder, as.uid, as.gid);
  const data = path.join(folder, 'data');
  const port = await freePort();
  await run(path.join(bin, 'initdb'), ['-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N'], as);
  const options = ['-D', data, '-p', `${port}`, '-k', folder, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'];
  const server = startProcess(path.join(bin, 'postgres'), options, as);
  return ready(server, folder, 'pg', `postgres://test@127.0.0.1:${port}/postgres`);
}

/** @returns null where MariaDB is not installed */
export async function startMariadb(): Promise<DatabaseServer | null> {
  const mariadbd = which('mariadbd', ['/usr/sbin']);
  const install = which('mariadb-install-db');
  if (!mariadbd || !install) return null;
  const as = identity('mysql');
  const folder = await tempFolder('mariadb');
  if (as.uid !== undefined && as.gid !== undefined) chownSync(folder, as.uid, as.gid);
  const data = path.join(folder, 'data');
  const port = await freePort();
  const root = ['--auth-root-authentication-method=normal', '--skip-test-db'];
  await run(install, ['--no-defaults', `--datadir=${data}`, ...root], as);
  const socket = path.join(folder, 'mariadb.sock');
  const places = [`--datadir=${data}`, `--socket=${socket}`, `--pid-file=${folder}/pid`, `--port=${port}`];
  const options = ['--bind-address=127.0.0.1', '--skip-name-resolve', '--innodb-flush-log-at-trx-commit=0'];
  const server = startProcess(mariadbd, ['--no-defaults', ...places, ...options], as);
  return ready(server, folder, 'mysql2', `mysql://root@127.0.0.1:${port}/mysql`);
}

async function ready(server: RunningProcess, folder: string, client: string, url: string): Promise<DatabaseServer> {
  const stop = async () => {
    // with these signals both end at once, without waiting for idle connections
    await server.stop(client === 'pg' ? 'SIGINT' : 'SIGTERM');
    await removeFolder(folder);
  };
  const connection = knex({ client, connection: url });
  try {
    await waitUntil('the database server', async () => {
      if (server.exited()) throw new Error(server.logs());
      await connection.raw('select 1');
      return true;
    });
  } catch (error) {
    await stop();
    throw error;
  } finally {
    await connection.destroy();
  }
  return { url, stop };
}

/** Neither server runs as root. Root therefore starts it as the user that came with its package. */
function identity(user: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function postgresFolder(): string | null {
  const versions = '/usr/lib/postgresql';
  const found = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = found.map((version) => path.join(versions, version, 'bin'));
  const postgres = which('postgres', folders);
  return postgres && path.dirname(postgres);
}

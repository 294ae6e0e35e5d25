import { randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { buildPlayground, PLAYGROUND, ROOT } from './build';
import { tempFolder } from './process';

/** Makes the secrets of one app. A copy of the app needs the same secrets to read what the app has encrypted. */
export const makeSecrets = (): Record<string, string> => {
  const names = ['APP_KEYS', 'ADMIN_JWT_SECRET', 'API_TOKEN_SALT', 'TRANSFER_TOKEN_SALT', 'ENCRYPTION_KEY', 'JWT_SECRET'];
  return Object.fromEntries(names.map((name) => [name, randomBytes(24).toString('base64url')]));
};

/** Lays out the built playground with its own public folder and database, and links the parts that do not change. */
export async function layOutApp(appDir: string): Promise<void> {
  await mkdir(path.join(appDir, 'public/uploads'), { recursive: true });
  await mkdir(path.join(appDir, '.tmp'), { recursive: true });
  // the app needs the sources, too: Strapi's commands compile them before they do anything
  for (const part of ['package.json', 'tsconfig.json', 'favicon.ico', 'config', 'src']) {
    await cp(path.join(PLAYGROUND, part), path.join(appDir, part), { recursive: true });
  }
  await symlink(path.join(PLAYGROUND, 'dist'), path.join(appDir, 'dist'));
  await symlink(path.join(ROOT, 'node_modules'), path.join(appDir, 'node_modules'));
}

/** Lays out an app with code of its own. @param files contents by path; those below `dist` replace the built ones. @returns the app's folder */
export async function appWith(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  await buildPlayground();
  const appDir = await tempFolder(name);
  await layOutApp(appDir);
  const dist = path.join(appDir, 'dist');
  await rm(dist);
  await mkdir(dist);
  for (const part of await readdir(path.join(PLAYGROUND, 'dist'))) {
    const source = path.join(PLAYGROUND, 'dist', part);
    if (part === 'build') await symlink(source, path.join(dist, part));
    else await cp(source, path.join(dist, part), { recursive: true });
  }
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(appDir, file)), { recursive: true });
    await writeFile(path.join(appDir, file), content);
  }
  return appDir;
}

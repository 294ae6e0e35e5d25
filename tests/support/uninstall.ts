import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { run } from './process';
import type { StrapiInstance } from './strapi';

/**
 * Takes the plugin out of a project and starts what is left.
 * @param options.panel builds the panel anew, without the plugin's part (40 s); without it nobody may look at the panel
 */
export async function uninstall(strapi: StrapiInstance, { panel }: { panel: boolean }): Promise<void> {
  await strapi.stop();
  const manifest = path.join(strapi.appDir, 'package.json');
  const project = JSON.parse(await readFile(manifest, 'utf8')) as { dependencies: Record<string, string> };
  const { 'strapi-plugin-s3-storage': removed, ...dependencies } = project.dependencies;
  if (!removed) throw new Error('the project does not depend on the plugin');
  await writeFile(manifest, JSON.stringify({ ...project, dependencies }));
  if (panel) {
    // it is a link to the playground's own folder, which other tests use
    await rm(path.join(strapi.appDir, 'dist'));
    const cli = path.join(strapi.appDir, 'node_modules/@strapi/strapi/bin/strapi.js');
    const env = { ...process.env, NODE_ENV: 'production', STRAPI_TELEMETRY_DISABLED: 'true' };
    await run(process.execPath, [cli, 'build'], { cwd: strapi.appDir, env });
  }
  await strapi.restart();
}

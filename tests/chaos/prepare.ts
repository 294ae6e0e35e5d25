import type { Stage } from '../support/stage';

/** Configures the plugin for the stage, and has Strapi leave the bytes of images as they are sent. */
export async function prepare(stage: Stage): Promise<void> {
  const mode = await stage.configure();
  if (mode !== 'read-write') throw new Error(`the plugin is ${mode}`);
  const { status } = await stage.strapi.api('PUT', '/upload/settings', { sizeOptimization: false, responsiveDimensions: true, autoOrientation: false });
  if (status !== 200) throw new Error(`Strapi's upload settings answered ${status}`);
}

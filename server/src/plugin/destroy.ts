import type { Core } from '@strapi/strapi';
import { hostOf } from './host';
import { provideEngine } from '../http/engine-access';

export async function destroy({ strapi }: { strapi: Core.Strapi }): Promise<void> {
  const engine = await hostOf(strapi).running();
  await engine?.stop();
  provideEngine(strapi, undefined);
}

import type { Core } from '@strapi/strapi';
import { formerUploadsOf } from './former-uploads';
import { hostOf } from './host';
import { provideAdmin } from '../http/admin-access';

export async function destroy({ strapi }: { strapi: Core.Strapi }): Promise<void> {
  const engine = await hostOf(strapi).running();
  await engine?.stop();
  provideAdmin(strapi, undefined);
  await formerUploadsOf(strapi).removed();
}

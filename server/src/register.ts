import type { Core } from '@strapi/strapi';
import { wrapProvider, wrapService, type UploadProvider, type UploadService } from './adapters/upload-provider';
import { providerIsLocal } from './engine';
import { hostOf } from './engine-host';
import { takeUploadsRoute } from './http/uploads-route';
import { uploadsOptions } from './uploads-options';

/** Strapi's registry of services, as far as it lets one be wrapped. */
interface Services {
  extend(uid: string, wrap: (service: UploadService) => UploadService): void;
}

/** Puts the plugin between Strapi's media library and its local provider; any other provider stays as it is. */
export function register({ strapi }: { strapi: Core.Strapi }): void {
  if (!providerIsLocal(strapi)) return;
  const { active } = hostOf(strapi);
  const provider = strapi.plugin('upload').provider as unknown as UploadProvider;
  Object.assign(provider, wrapProvider({ ...provider }, active));
  const services = strapi.get<Services>('services');
  services.extend('plugin::upload.upload', (service) => wrapService(service, active));
  takeUploadsRoute(strapi, uploadsOptions(strapi));
}

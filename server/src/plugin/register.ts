import type { Core } from '@strapi/strapi';
import { foreignMethods, localProvider, watchLocalProvider } from '../adapters/strapi/local-provider';
import { carryAllFiles } from '../adapters/strapi/export-source';
import { ExportedFiles } from '../adapters/strapi/exported-files';
import type { ImportTransaction } from '../adapters/strapi/former-uploads';
import { mediaCatalog } from '../adapters/strapi/media-catalog';
import { watchTransfers } from '../adapters/strapi/transfers';
import { isWrapped, PROVIDER_METHODS, wrapProvider, wrapService, type UploadProvider, type UploadService } from '../adapters/strapi/upload-provider';
import { systemClock } from '../core/clock';
import { WholeFiles } from '../core/media/whole-files';
import { providerIsLocal } from '../engine/engine';
import { formerUploadsOf } from './former-uploads';
import { hostOf } from './host';
import { takeUploadsRoute } from '../http/uploads-route';
import { uploadsOptions } from './uploads-options';

// the media library makes its provider in its own `register`, which runs after this line
watchLocalProvider();

/** The part of Strapi's registry of services that wraps a service. */
interface Services {
  extend(uid: string, wrap: (service: UploadService) => UploadService): void;
}

/** Puts the plugin between Strapi's media library and its local provider. Any other provider stays as it is. */
export function register({ strapi }: { strapi: Core.Strapi }): void {
  if (!providerIsLocal(strapi)) return;
  const { active } = hostOf(strapi);
  const provider: unknown = strapi.plugin('upload').provider;
  const transfers = watchTransfers(strapi);
  const former = formerUploadsOf(strapi);
  transfers.onEnd(() => former.settle());
  attach(strapi, provider as UploadProvider, active, async () => {
    // only an import deletes files in a transaction while Strapi's lifecycles are off
    if (transfers.isUnderWay() && strapi.db.inTransaction()) await strapi.db.transaction(async ({ trx }) => former.keep(trx as ImportTransaction, transfers.begunAt()));
  });
  let told = false;
  const onBypass = () => {
    if (!told) strapi.log.warn('[s3-storage] An upload did not reach this plugin: other code has replaced the upload provider’s methods and does not call the former ones. Such files stay where that code puts them.');
    told = true;
  };
  const services = strapi.get<Services>('services');
  services.extend('plugin::upload.upload', (service) => wrapService(service, active, onBypass));
  carryAllFiles(strapi, transfers, async () => {
    const storage = await active();
    return storage && new ExportedFiles({ files: new WholeFiles({ reader: storage.reader, clock: systemClock }), library: mediaCatalog(strapi), clock: systemClock });
  });
  takeUploadsRoute(strapi, uploadsOptions(strapi));
}

function attach(strapi: Core.Strapi, provider: UploadProvider, active: Parameters<typeof wrapProvider>[1], beforeDelete: () => Promise<void>): void {
  const before = foreignMethods(provider, isWrapped).join(', ');
  const instance = localProvider();
  if (instance) {
    const methods = wrapProvider({ ...(instance as UploadProvider) }, active, beforeDelete);
    Object.assign(instance, methods);
    // Strapi passes on only the methods that its provider had when Strapi made it
    for (const name of PROVIDER_METHODS) if (typeof provider[name] !== 'function') provider[name] = methods[name] as never;
    if (before) strapi.log.info(`[s3-storage] Other code wraps the upload provider (${before}). It runs first, and this plugin stores the files that it passes on`);
    return;
  }
  Object.assign(provider, wrapProvider({ ...provider }, active, beforeDelete));
  if (before) strapi.log.warn(`[s3-storage] Other code wrapped the upload provider (${before}) before this plugin did, so it is not called for files that this plugin stores. To have it called, wrap the provider in the project’s own register, in src/index`);
}

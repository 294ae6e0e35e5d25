import type { Core } from '@strapi/strapi';
import { hostOf } from './host';
import type { UploadsOptions } from '../http/uploads-middleware';
import { staticOptions } from '../http/uploads-static';

/**
 * Collects the options for serving `/uploads` from this Strapi: its public folder, and the project's options for the route that the plugin
 * replaces.
 */
export function uploadsOptions(strapi: Core.Strapi): UploadsOptions {
  const { reader, tellUnreachable, delivery, linkOrigin, originalName } = hostOf(strapi);
  return {
    publicFolder: strapi.dirs.static.public,
    statics: staticOptions(strapi.config.get('plugin::upload.providerOptions.localServer', {})),
    reader,
    delivery,
    linkOrigin,
    originalName,
    onFailure: tellUnreachable,
  };
}

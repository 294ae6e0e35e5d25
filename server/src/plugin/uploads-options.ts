import type { Core } from '@strapi/strapi';
import { hostOf } from './host';
import type { UploadsOptions } from '../http/uploads-middleware';
import { staticOptions } from '../http/uploads-static';

/** What serving `/uploads` takes from this Strapi: its public folder, and what the project has set for the route that the plugin stands in for. */
export function uploadsOptions(strapi: Core.Strapi): UploadsOptions {
  const { reader, tellUnreachable } = hostOf(strapi);
  return {
    publicFolder: strapi.dirs.static.public,
    statics: staticOptions(strapi.config.get('plugin::upload.providerOptions.localServer', {})),
    reader,
    onFailure: tellUnreachable,
  };
}

import type { Core } from '@strapi/strapi';
import type { MediaService } from '../core/media/media-files';
import { hostOf } from './host';

/** The service `media` for code of the project. The engine starts with its first use, if it has not started yet. */
export function mediaService({ strapi }: { strapi: Core.Strapi }): MediaService {
  const files = async () => (await hostOf(strapi).start()).files;
  return {
    open: async (...what) => (await files()).open(...what),
    url: async (...what) => (await files()).url(...what),
    withLocalFile: async (...what) => (await files()).withLocalFile(...what),
  };
}

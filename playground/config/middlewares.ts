import type { Core } from '@strapi/strapi';

// Strapi's own default, untouched: the plugin has to work without an edit here. Only a test of large files asks for more
// than the 200 MB that Strapi's body parser takes.
const config = ({ env }: Core.Config.Shared.ConfigParams): Core.Config.Middlewares => [
  'strapi::logger',
  'strapi::errors',
  'strapi::security',
  'strapi::cors',
  'strapi::poweredBy',
  'strapi::query',
  env('UPLOAD_LIMIT_BYTES')
    ? { name: 'strapi::body', config: { formidable: { maxFileSize: env.int('UPLOAD_LIMIT_BYTES') } } }
    : 'strapi::body',
  'strapi::session',
  'strapi::favicon',
  'strapi::public',
];

export default config;

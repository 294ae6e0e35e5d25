import type { Core } from '@strapi/strapi';

// No entry for s3-storage: Strapi finds an installed plugin by itself, and the tests hold it to that.
const config = ({ env }: Core.Config.Shared.ConfigParams): Core.Config.Plugin => ({
  'users-permissions': { config: { jwtSecret: env('JWT_SECRET') } },
  ...(env('UPLOAD_LIMIT_BYTES') && { upload: { config: { sizeLimit: env.int('UPLOAD_LIMIT_BYTES') } } }),
});

export default config;

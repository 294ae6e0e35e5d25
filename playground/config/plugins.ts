import type { Core } from '@strapi/strapi';

// No entry for s3-storage: Strapi finds an installed plugin by itself, and the tests hold it to that.
const config = ({ env }: Core.Config.Shared.ConfigParams): Core.Config.Plugin => {
  const upload = {
    ...(env('UPLOAD_LIMIT_BYTES') && { sizeLimit: env.int('UPLOAD_LIMIT_BYTES') }),
    ...(env('UPLOAD_PROVIDER') && { provider: env('UPLOAD_PROVIDER') }),
  };
  return {
    'users-permissions': { config: { jwtSecret: env('JWT_SECRET') } },
    ...(Object.keys(upload).length > 0 && { upload: { config: upload } }),
  };
};

export default config;

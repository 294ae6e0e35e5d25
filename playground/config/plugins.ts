import type { Core } from '@strapi/strapi';

// No entry that enables s3-storage: Strapi finds an installed plugin by itself, and the tests hold it to that.
const config = ({ env }: Core.Config.Shared.ConfigParams): Core.Config.Plugin => {
  const upload = {
    ...(env('UPLOAD_LIMIT_BYTES') && { sizeLimit: env.int('UPLOAD_LIMIT_BYTES') }),
    ...(env('UPLOAD_PROVIDER') && { provider: env('UPLOAD_PROVIDER') }),
  };
  return {
    'users-permissions': { config: { jwtSecret: env('JWT_SECRET') } },
    ...(Object.keys(upload).length > 0 && { upload: { config: upload } }),
    // a boot without the plugin, as after a project has switched it off
    ...(env('WITHOUT_S3_STORAGE') && { 's3-storage': { enabled: false } }),
  };
};

export default config;

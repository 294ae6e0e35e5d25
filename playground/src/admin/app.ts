import type { StrapiApp } from '@strapi/strapi/admin';

/** Offers a second language in the profile, so that the plugin's own French can be seen. */
export default {
  config: { locales: ['fr'] },
  bootstrap(_app: StrapiApp) {
    // Strapi asks for this function
  },
};

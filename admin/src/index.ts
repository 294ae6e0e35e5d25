import type { StrapiApp } from '@strapi/strapi/admin';

import { PERMISSIONS } from './permissions';
import { PLUGIN_ID } from './pluginId';
import { loadTranslations, prefixed } from './translations';

export default {
  register(app: StrapiApp) {
    app.registerPlugin({ id: PLUGIN_ID, name: 'S3 Storage' });
    app.addSettingsLink(
      { id: PLUGIN_ID, intlLabel: { id: prefixed('section.title'), defaultMessage: 'S3 Storage' } },
      [
        {
          id: `${PLUGIN_ID}.settings`,
          to: PLUGIN_ID,
          intlLabel: { id: prefixed('section.link'), defaultMessage: 'Configuration' },
          permissions: PERMISSIONS.read,
          // Strapi warns about async functions here: a plain arrow that returns the import.
          Component: () => import('./pages/Settings'),
        },
        {
          id: `${PLUGIN_ID}.migration`,
          // not below the other's path: Strapi would mark both links as the current one
          to: `${PLUGIN_ID}-migration`,
          intlLabel: { id: prefixed('migration.link'), defaultMessage: 'Migration' },
          permissions: PERMISSIONS.readJobs,
          Component: () => import('./pages/Migration'),
        },
      ],
    );
  },

  registerTrads({ locales }: { locales: string[] }) {
    return Promise.all(locales.map(loadTranslations));
  },
};

import { PLUGIN_ID } from './pluginId';

/** The actions the server registers and guards its routes with; the panel only mirrors them. */
export const PERMISSIONS = {
  read: [{ action: `plugin::${PLUGIN_ID}.settings.read`, subject: null }],
  update: [{ action: `plugin::${PLUGIN_ID}.settings.update`, subject: null }],
  readJobs: [{ action: `plugin::${PLUGIN_ID}.jobs.read`, subject: null }],
  runJobs: [{ action: `plugin::${PLUGIN_ID}.jobs.run`, subject: null }],
};

export const PLUGIN_ID = 's3-storage';

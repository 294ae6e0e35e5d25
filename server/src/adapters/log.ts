import type { Core } from '@strapi/strapi';
import type { Logger } from '../core/log';
import { redact } from '../core/settings/redact';

/** Strapi's log, with the plugin's name before each line and every known secret blotted out. */
export function strapiLog(strapi: Core.Strapi, secrets: () => readonly string[]): Logger {
  const line = (message: string) => `[s3-storage] ${redact(message, secrets())}`;
  return {
    debug: (message) => strapi.log.debug(line(message)),
    info: (message) => strapi.log.info(line(message)),
    warn: (message) => strapi.log.warn(line(message)),
    error: (message) => strapi.log.error(line(message)),
  };
}

import type { Core } from '@strapi/strapi';
import { printable } from '../../core/errors';
import type { Logger } from '../../core/log';
import { redact } from '../../core/settings/redact';

/** Longest line of the log, in characters. */
const LINE_LIMIT = 2_000;
/** The line breaks before the frames of a stack, as `described` writes them. */
const FRAMES = /\n(?= {4}at )/;

/**
 * Strapi's log, with the plugin's name before each entry and every known secret removed. File names and texts from outside cannot forge a
 * line: an entry is one line without control characters, except for the frames of a stack.
 */
export function strapiLog(strapi: Pick<Core.Strapi, 'log'>, secrets: () => readonly string[]): Logger {
  const entry = (message: string) => {
    const lines = redact(message, secrets()).split(FRAMES);
    return `[s3-storage] ${lines.map((line) => printable(line, LINE_LIMIT)).join('\n')}`;
  };
  return {
    debug: (message) => strapi.log.debug(entry(message)),
    info: (message) => strapi.log.info(entry(message)),
    warn: (message) => strapi.log.warn(entry(message)),
    error: (message) => strapi.log.error(entry(message)),
  };
}

import type { Core } from '@strapi/strapi';
import { printable } from '../../core/errors';
import type { Logger } from '../../core/log';
import type { Redactor } from '../../core/settings/redactor';

/** Whether a log shows messages of this level. A project may have put another log in the place of Strapi's, which cannot tell. */
function isShown(log: Core.Strapi['log'], level: string): boolean {
  return typeof log.isLevelEnabled !== 'function' || log.isLevelEnabled(level);
}

/** Longest line of the log, in characters. */
const LINE_LIMIT = 2_000;
/** The line breaks before the frames of a stack, as `described` writes them. */
const FRAMES = /\n(?= {4}at )/;

/**
 * Strapi's log, with the plugin's name before each entry and every secret that the redactor knows removed. File names and texts from outside cannot forge a
 * line: an entry is one line without control characters, except for the frames of a stack.
 */
export function strapiLog(strapi: Pick<Core.Strapi, 'log'>, redactor: Pick<Redactor, 'clean'>): Logger {
  const entry = (message: string) => {
    const lines = redactor.clean(message).split(FRAMES);
    return `[s3-storage] ${lines.map((line) => printable(line, LINE_LIMIT)).join('\n')}`;
  };
  return {
    // each read writes such a line, and most projects show none
    debug: (message) => void (isShown(strapi.log, 'debug') && strapi.log.debug(entry(message))),
    info: (message) => strapi.log.info(entry(message)),
    warn: (message) => strapi.log.warn(entry(message)),
    error: (message) => strapi.log.error(entry(message)),
  };
}

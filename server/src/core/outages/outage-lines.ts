import { ERRORS } from '../../contracts/errors';
import type { Events, OutageOf } from '../events';
import type { Logger } from '../log';

const HEADLINE: Readonly<Record<OutageOf, string>> = {
  all: 'S3 is not usable',
  reads: 'S3 does not give out what it stores',
  writes: 'S3 takes no uploads',
};

/**
 * Writes outages to the log: one warning when an outage begins, and one when it ends.
 * @param keepsLocally whether uploads go to the local disk meanwhile; otherwise the plugin refuses them
 */
export function logOutages(events: Events, log: Logger, keepsLocally: () => boolean): void {
  events.on('outageBegan', ({ code, of, detail }) => {
    const uploads = keepsLocally() ? 'Uploads go to the local disk meanwhile.' : 'Uploads are refused meanwhile (onOutage is "reject").';
    const reads = 'Files that are only in S3 answer 503 meanwhile.';
    const { message, hint } = ERRORS[code];
    log.warn(`${HEADLINE[of]}: ${message}${detail ? ` (${detail})` : ''} ${hint} ${of === 'reads' ? reads : uploads}`);
  });
  events.on('outageEnded', ({ seconds, fellBack }) => {
    log.warn(`S3 is usable again after ${seconds} s; ${fellBack} file(s) went to the local disk meanwhile and are uploaded now.`);
  });
  events.on('outageForgotten', () => log.info('The connection to S3 has changed, and nobody knows whether its outage goes on: the outage is not shown any more.'));
}

import { ERRORS } from '../../contracts/errors';
import type { Events, OutageOf } from '../events';
import type { Logger } from '../log';

const HEADLINE: Readonly<Record<OutageOf, string>> = {
  all: 'S3 is not usable',
  reads: 'S3 does not give out what it stores',
  writes: 'S3 takes no uploads',
};

/**
 * Tells the log of outages: one warning at the begin, one at the end.
 * @param keepsLocally whether uploads are kept on the local disk meanwhile, rather than refused
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
  events.on('outageForgotten', () => log.info('The connection to S3 was changed; what was known of its outage is not shown any more.'));
}

import { ERRORS, isClaimable } from '../contracts/errors';
import type { Connections } from '../core/buckets/connections';
import type { Events } from '../core/events';
import type { Logger } from '../core/log';
import { logOutages } from '../core/outages/outage-lines';
import type { Housekeeping } from '../core/upkeep/housekeeping';

export interface Listeners {
  readonly connections: Pick<Connections, 'noteUnsent'>;
  readonly housekeeping: Pick<Housekeeping, 'wake' | 'fellBack' | 'awaitsSettling' | 'noteIncident'>;
  readonly log: Logger;
  /** Whether this disk keeps a write that S3 does not take. */
  keepsLocally(): boolean;
}

/** Subscribes every listener to the events of the core. This is the only place that does so. */
export function listen(events: Events, { connections, housekeeping, log, keepsLocally }: Listeners): void {
  logOutages(events, log, keepsLocally);
  events.on('modeChanged', ({ mode, reason }) => {
    log.info(`mode: ${mode}${reason ? ` (${reason})` : ''}`);
    // nobody has asked for this mode, so the log says what to do
    if (isClaimable(reason)) log.warn(`${ERRORS[reason].message} ${ERRORS[reason].hint}`);
  });
  events.on('requestEnded', ({ operation, ms, code }) => log.debug(`S3 ${operation}: ${code ?? 'done'} after ${ms} ms`));
  events.on('refused', ({ code, detail }) => connections.noteUnsent(code, false, detail));
  events.on('fellBack', ({ code, detail }) => {
    connections.noteUnsent(code, true, detail);
    housekeeping.fellBack();
  });
  events.on('published', ({ ownNames }) => {
    if (ownNames) housekeeping.awaitsSettling();
  });
  events.on('deleted', () => housekeeping.wake());
  events.on('recovered', () => housekeeping.wake());
  events.on('incidentChanged', () => housekeeping.noteIncident());
}

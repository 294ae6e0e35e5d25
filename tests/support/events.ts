import { Events } from '../../server/src/core/events';

const quiet = () => undefined;

/** Events whose faulty listeners nobody hears of. */
export const quietEvents = (): Events => new Events({ debug: quiet, info: quiet, warn: quiet, error: quiet });

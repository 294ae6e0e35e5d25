import { schedule, validate } from 'node-cron';
import { cronFault } from '../../contracts/cron';
import type { Logger } from '../../core/log';
import type { Schedules } from '../../core/runner/schedules';

/**
 * Whether node-cron accepts the expression; it refuses one that can never be due. This asks node-cron only about expressions whose numbers
 * have limits, because it expands `0-4294967295`, which no process survives.
 */
export const isCron = (expression: string): boolean => cronFault(expression) === null && validate(expression);

/** The schedules of node-cron. Strapi's own do not prevent overlapping runs, and run in commands too. */
export function cronSchedules(log: Logger): Schedules {
  // a tick that is late, or that comes while the job still runs, needs no warning
  const quiet = {
    info: (message: string) => log.debug(message),
    warn: (message: string) => log.debug(message),
    debug: (message: string | Error) => log.debug(String(message)),
    error: (message: string | Error) => log.error(`a schedule failed: ${String(message)}`),
  };
  return {
    start(expression, tick) {
      const fault = cronFault(expression);
      if (fault) throw new Error(`The schedule ${fault}`);
      const task = schedule(expression, tick, { noOverlap: true, unref: true, logger: quiet });
      return {
        get nextRunAt() {
          return task.getNextRun();
        },
        stop: () => void task.destroy(),
      };
    },
  };
}

import { schedule, validate } from 'node-cron';
import { cronFault } from '../../contracts/cron';
import type { Logger } from '../../core/log';
import type { Schedules } from '../../core/runner/schedules';

/**
 * Whether node-cron keeps it; it refuses what can never be due. It is asked only about expressions whose numbers are bounded:
 * it writes `0-4294967295` out, which no handler survives.
 */
export const isCron = (expression: string): boolean => cronFault(expression) === null && validate(expression);

/** node-cron's schedules. Strapi's own has no overlap guard, and ticks in commands too. */
export function cronSchedules(log: Logger): Schedules {
  // a tick that comes while the job still runs, or late, is nothing to be warned of
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

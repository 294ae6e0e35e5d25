/** Calls back by the time of day. The one implementation is node-cron's. */
export interface Schedules {
  /**
   * Calls `tick` whenever the expression is due, in the server's time zone, except while an earlier call still lasts.
   * @throws if the expression is not valid
   */
  start(expression: string, tick: () => Promise<void>): Schedule;
}

export interface Schedule {
  readonly nextRunAt: Date | null;
  stop(): void;
}

/** Calls back by the clock on the wall; the one implementation is node-cron's. */
export interface Schedules {
  /**
   * Calls `tick` whenever the expression is due, in the server's time zone; not while an earlier call still lasts.
   * @throws for an expression that is not valid
   */
  start(expression: string, tick: () => Promise<void>): Schedule;
}

export interface Schedule {
  readonly nextRunAt: Date | null;
  stop(): void;
}

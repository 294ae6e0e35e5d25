import { AsyncResource } from 'node:async_hooks';
import { SCHEDULED_JOBS, type ScheduledJob } from '../../contracts/jobs';
import type { Logger } from '../log';
import type { ResolvedSettings } from '../settings/types';
import type { Schedule, Schedules } from './schedules';

export interface ScheduleSetting {
  readonly enabled: boolean;
  readonly expression: string;
}

export function scheduleOf(settings: ResolvedSettings, name: ScheduledJob): ScheduleSetting {
  return { enabled: settings[`${name}ScheduleEnabled`], expression: settings[`${name}Schedule`] };
}

/** Runs the schedules of this process, as the settings in force have them. */
export class JobSchedules {
  readonly #started = new Map<ScheduledJob, { readonly expression: string; readonly schedule: Schedule }>();
  /** The asynchronous context of the process: a tick must not carry the context of the request (or its transaction) that changed a setting. */
  #outside: AsyncResource | undefined;

  constructor(
    private readonly schedules: Schedules,
    private readonly settings: () => ResolvedSettings,
    private readonly tick: (name: ScheduledJob) => Promise<void>,
    private readonly log: Logger,
  ) {}

  /** Starts the schedules. Only a process that serves HTTP may call it, because commands load Strapi, too. */
  start(): void {
    this.#outside = new AsyncResource('S3StorageSchedules');
    this.follow();
  }

  /** Follows the settings, which may have changed. */
  follow(): void {
    if (!this.#outside) return;
    for (const name of SCHEDULED_JOBS) {
      const { enabled, expression } = scheduleOf(this.settings(), name);
      const started = this.#started.get(name);
      if (enabled && started?.expression === expression) continue;
      started?.schedule.stop();
      this.#started.delete(name);
      if (enabled) this.#outside.runInAsyncScope(() => this.#begin(name, expression));
    }
  }

  nextRunAt(name: ScheduledJob): Date | null {
    return this.#started.get(name)?.schedule.nextRunAt ?? null;
  }

  stop(): void {
    this.#outside = undefined;
    for (const { schedule } of this.#started.values()) schedule.stop();
    this.#started.clear();
  }

  #begin(name: ScheduledJob, expression: string): void {
    try {
      this.#started.set(name, { expression, schedule: this.schedules.start(expression, () => this.tick(name)) });
    } catch (error) {
      // the API refuses a bad expression before; nothing has checked those of config file and environment
      this.log.warn(`The schedule of ${name} is not used: ${String(error)}`);
    }
  }
}

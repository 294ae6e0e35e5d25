import { AsyncLocalStorage } from 'node:async_hooks';

import { cronSchedules, isCron } from '../../../server/src/adapters/strapi/schedules';
import type { ScheduledJob } from '../../../server/src/contracts/jobs';
import { JobSchedules } from '../../../server/src/core/runner/job-schedules';
import type { Schedules } from '../../../server/src/core/runner/schedules';
import type { ResolvedSettings } from '../../../server/src/core/settings/types';
import { recordingLog } from '../settings/support';

const OFF = { uploadSchedule: '*/2 * * * *', uploadScheduleEnabled: false, cleanupSchedule: '*/2 * * * *', cleanupScheduleEnabled: false };

function setUp() {
  const started: { expression: string; tick: () => Promise<void>; stopped: boolean }[] = [];
  const cron: Schedules = {
    start(expression, tick) {
      if (expression === 'never') throw new Error('no such day');
      const one = { expression, tick, stopped: false };
      started.push(one);
      return { nextRunAt: new Date(5), stop: () => void (one.stopped = true) };
    },
  };
  const settings: typeof OFF = { ...OFF };
  const ticked: ScheduledJob[] = [];
  const log = recordingLog();
  const schedules = new JobSchedules(cron, () => settings as ResolvedSettings, async (name) => void ticked.push(name), log);
  const running = () => started.filter(({ stopped }) => !stopped).map(({ expression }) => expression);
  return { schedules, settings, started, running, ticked, log };
}

test('no schedule runs before the process serves or after it stops, whatever the settings say', () => {
  const { schedules, settings, running } = setUp();
  settings.uploadScheduleEnabled = true;
  schedules.follow();
  expect(running()).toEqual([]);
  schedules.start();
  expect(running()).toEqual(['*/2 * * * *']);
  schedules.stop();
  schedules.follow();
  expect(running()).toEqual([]);
});

test('a changed schedule is followed at run time, and an unchanged one goes on', async () => {
  const { schedules, settings, started, running, ticked } = setUp();
  schedules.start();
  expect([running(), schedules.nextRunAt('upload')]).toEqual([[], null]);
  Object.assign(settings, { uploadScheduleEnabled: true, cleanupScheduleEnabled: true, cleanupSchedule: '0 3 * * *' });
  schedules.follow();
  schedules.follow();
  expect([started.length, running()]).toEqual([2, ['*/2 * * * *', '0 3 * * *']]);
  expect(schedules.nextRunAt('cleanup')).toEqual(new Date(5));
  settings.uploadSchedule = '0 * * * *';
  schedules.follow();
  expect(running()).toEqual(['0 3 * * *', '0 * * * *']);
  await started[1]!.tick();
  await started[2]!.tick();
  expect(ticked).toEqual(['cleanup', 'upload']);
  Object.assign(settings, OFF);
  schedules.follow();
  expect([running(), schedules.nextRunAt('cleanup')]).toEqual([[], null]);
});

test('a schedule begins outside the context of the request that changed it', () => {
  const request = new AsyncLocalStorage<string>();
  const within: (string | undefined)[] = [];
  const { settings } = setUp();
  settings.uploadScheduleEnabled = true;
  const cron: Schedules = {
    start() {
      within.push(request.getStore());
      return { nextRunAt: null, stop: () => undefined };
    },
  };
  const schedules = new JobSchedules(cron, () => settings as ResolvedSettings, async () => undefined, recordingLog());
  schedules.start();
  settings.uploadSchedule = '0 * * * *';
  request.run('PUT /settings', () => schedules.follow());
  expect(within).toEqual([undefined, undefined]);
});

test('an expression that cannot be started is logged, and the other schedule starts all the same', () => {
  const { schedules, settings, running, log } = setUp();
  Object.assign(settings, { uploadSchedule: 'never', uploadScheduleEnabled: true, cleanupScheduleEnabled: true });
  schedules.start();
  expect([running(), log.lines]).toEqual([['*/2 * * * *'], [expect.stringContaining('upload')]]);
});

describe('node-cron', () => {
  test('tells valid expressions from invalid ones and from days that never come', () => {
    expect(['*/2 * * * *', '0 3 * * MON', '*/5 * * * * *'].map(isCron)).toEqual([true, true, true]);
    expect(['99 * * * *', '* * * *', '0 0 31 2 *', '*/0 * * * *', 'often'].map(isCron)).toEqual([false, false, false, false, false]);
  });

  test('ticks when it is due, but neither while the last tick lasts nor after a stop', async () => {
    let ticks = 0;
    let end: () => void = () => undefined;
    const schedule = cronSchedules(recordingLog()).start('* * * * * *', () => {
      ticks++;
      return new Promise((resolve) => (end = resolve));
    });
    expect(schedule.nextRunAt!.getTime()).toBeGreaterThan(Date.now() - 2_000);
    while (ticks === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(ticks).toBe(1);
    schedule.stop();
    end();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(ticks).toBe(1);
  });
});

import { spawnSync } from 'node:child_process';
import path from 'node:path';

import { validate } from 'node-cron';

import { cronFault } from '../../../server/src/contracts/cron';
import { DEFAULT_SCHEDULE } from '../../../server/src/contracts/cron';

describe('the check of a cron expression', () => {
  test.each([
    '*/2 * * * *', '* * * * * *', '0 3 * * *', '59 23 31 12 7', '00 03 * * 1-5', '0,15,30-45/5 * * * *', '0 0 1 JAN-MAR MON,wed', '0 0 1 january Sunday', '*/60 * * * *',
    '0 0 L * *', '0 0 LW * *', '0 0 L-3 * *', '0 0 15W * *', '0 0 * * 5L', '0 22-2 * * *', '0  3  *  *  *', '0 0 29 2 *',
  ])('accepts %s, as the cron library does', (expression) => {
    expect([cronFault(expression), validate(expression)]).toEqual([null, true]);
  });

  test.each([
    ['60 * * * *', 'minute'], ['* 24 * * *', 'hour'], ['0 0 0 * *', 'day of the month'], ['0 0 32 * *', 'day of the month'], ['0 0 * 13 *', 'month'], ['0 0 * * 8', 'day of the week'],
    ['60 * * * * *', 'second'], ['0-4294967295 * * * *', 'minute'], ['0-9999999 * * * *', 'minute'], ['000 * * * *', 'minute'], ['0 0-99999 * * *', 'hour'], ['*/0 * * * *', 'minute'],
    ['*/61 * * * *', 'minute'], ['*/9999999 * * * *', 'minute'], ['1/5 * * * *', 'minute'], ['1-2-3 * * * *', 'minute'], ['*/2/2 * * * *', 'minute'], ['1,,2 * * * *', 'minute'],
    ['-1 * * * *', 'minute'], ['1e9 * * * *', 'minute'], ['JAN * * * *', 'minute'], ['0 0 * FOO *', 'month'], ['0 0 * * JAN', 'day of the week'], ['0 0 L-99 * *', 'day of the month'],
  ])('refuses %s because of the %s', (expression, field) => expect(cronFault(expression)).toContain(`the ${field} is not valid`));

  test.each(['', '* * * *', '* * * * * * *', ' * * * * *', 'often', '@daily', '*\t* * * *'])('refuses %p, which is no cron expression', (expression) => {
    expect(cronFault(expression)).toContain('must be a cron expression');
  });

  test('refuses an expression of more than 100 characters', () => expect(cronFault(`${'0,'.repeat(60)}0 * * * *`)).toContain('100 characters'));
});

test.each(['0-4294967295 * * * *', '0-9999999 * * * *', '0-9999999', '* * * * 0-9999999', '0 0 31 2 *'])(
  'the schedule %s ends no process: each source’s problem is named, and the default is used',
  (expression) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--max-old-space-size=300', '--import', 'tsx', path.resolve(__dirname, '../../support/schedule-child.ts'), expression],
      { encoding: 'utf8', timeout: 25_000 },
    );
    expect([status, stderr]).toEqual([0, '']);
    const unused = (source: string) => ({ used: DEFAULT_SCHEDULE, problems: [`${source}.uploadSchedule`] });
    // only the cron library can say that a day does not exist, and the plugin asks the library when it starts the schedule
    const looksLikeOne = expression === '0 0 31 2 *';
    expect(JSON.parse(stdout)).toEqual({
      settings: looksLikeOne, schedule: looksLikeOne, isCron: false, starts: false,
      database: unused('database'), config: unused('config'), environment: unused('environment'),
    });
  },
);

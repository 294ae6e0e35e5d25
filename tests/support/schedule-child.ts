/** Tries one cron expression in every way into the plugin, and prints the results. It has its own process, which an expression may end. */
import { cronSchedules, isCron } from '../../server/src/adapters/strapi/schedules';
import { parseSchedule } from '../../server/src/contracts/jobs';
import { parsePatch } from '../../server/src/contracts/schemas';
import { resolve } from '../../server/src/core/settings/resolve';
import { NOTHING_STORED } from '../../server/src/core/settings/types';

const expression = process.argv[2] ?? '';
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const schedules = { uploadSchedule: expression, uploadScheduleEnabled: true };
const read = (source: Partial<Parameters<typeof resolve>[0]>) => {
  const { settings, problems } = resolve({ database: NOTHING_STORED, configFile: null, variables: {}, isCron, ...source });
  return { used: settings.uploadSchedule, problems: problems.map(({ source: from, field }) => `${from}.${field}`) };
};
const starts = (): boolean => {
  try {
    cronSchedules(quiet).start(expression, async () => undefined).stop();
    return true;
  } catch {
    return false;
  }
};

const found = {
  settings: parsePatch(schedules).ok,
  schedule: parseSchedule({ expression }).ok,
  isCron: isCron(expression),
  starts: starts(),
  database: read({ database: { ...NOTHING_STORED, settings: schedules } }),
  config: read({ configFile: schedules }),
  environment: read({ variables: { S3_STORAGE_UPLOAD_SCHEDULE: expression, S3_STORAGE_UPLOAD_SCHEDULE_ENABLED: 'true' } }),
};
process.stdout.write(JSON.stringify(found));

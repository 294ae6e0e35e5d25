import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';

/** The script that ends a run. It says how. */
export const END_RUN = path.resolve(__dirname, '../../scripts/end-run.sh');

/** The run to which everything belongs that this process starts. The environment hands it on. */
export const currentRun = (): string => process.env['S3_TEST_RUN'] ?? 'none';

/** The environment for a process that outlives every run. */
export const outsideOfRuns = (): NodeJS.ProcessEnv => Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'S3_TEST_RUN'));

/**
 * Begins a run, within the parent's run if the parent has one. When this process ends, the script ends everything that was started
 * since, and removes its temporary folders. A test's own process must not call it: in Jest's sandbox nothing hears of the end.
 */
export function beginRun(): void {
  const parent = process.env['S3_TEST_RUN'];
  const run = `${parent ? `${parent}.` : ''}${randomBytes(6).toString('hex')}`;
  process.env['S3_TEST_RUN'] = run;
  process.once('exit', () => execFileSync('bash', [END_RUN, run], { stdio: 'inherit' }));
  for (const [signal, code] of [['SIGHUP', 129], ['SIGINT', 130], ['SIGTERM', 143]] as const) {
    // the handler stays: a Ctrl-C may arrive in several ways, and the second must not cut the cleaning up short
    process.on(signal, () => process.exit(code));
  }
}

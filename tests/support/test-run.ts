import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';

/** What ends a run: see there. */
export const END_RUN = path.resolve(__dirname, '../../scripts/end-run.sh');

/** What this process starts belongs to this run: it is in the environment of everything. */
export const currentRun = (): string => process.env['S3_TEST_RUN'] ?? 'none';

/** The environment for a process that no end of a run ends. */
export const outsideOfRuns = (): NodeJS.ProcessEnv => Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'S3_TEST_RUN'));

/**
 * Begins a run, within the one of the parent if that has one. When this process ends, whatever was started since is ended,
 * and its temporary folders go: see the script. Not for a test's own process: in Jest's sandbox nothing is told of the end.
 */
export function beginRun(): void {
  const parent = process.env['S3_TEST_RUN'];
  const run = `${parent ? `${parent}.` : ''}${randomBytes(6).toString('hex')}`;
  process.env['S3_TEST_RUN'] = run;
  process.once('exit', () => execFileSync('bash', [END_RUN, run], { stdio: 'inherit' }));
  for (const [signal, code] of [['SIGHUP', 129], ['SIGINT', 130], ['SIGTERM', 143]] as const) {
    // more than once: a Ctrl-C may arrive by several ways, and the second must not cut the cleaning up short
    process.on(signal, () => process.exit(code));
  }
}

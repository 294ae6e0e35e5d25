import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';

const SCRIPT = path.resolve(__dirname, '../../scripts/end-run.sh');

/** What this process starts belongs to this run: it is in the environment of everything. */
export const currentRun = (): string => process.env['S3_TEST_RUN'] ?? 'none';

/**
 * Begins a run, within the one of the parent if that has one. When this process ends, whatever was started since is ended,
 * and its temporary folders go: see the script. Not for a test's own process: in Jest's sandbox nothing is told of the end.
 * @param onSignal whether a signal ends it all at once; without it the caller sees to that
 */
export function beginRun(onSignal = true): void {
  const parent = process.env['S3_TEST_RUN'];
  const run = `${parent ? `${parent}.` : ''}${randomBytes(6).toString('hex')}`;
  process.env['S3_TEST_RUN'] = run;
  process.once('exit', () => execFileSync('bash', [SCRIPT, run], { stdio: 'inherit' }));
  if (!onSignal) return;
  for (const [signal, code] of [['SIGHUP', 129], ['SIGINT', 130], ['SIGTERM', 143]] as const) process.once(signal, () => process.exit(code));
}

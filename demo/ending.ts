import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { currentRun, END_RUN, outsideOfRuns } from '../tests/support/test-run';

const LOOK_EVERY_MS = 500;
/** The variable that npm, yarn and pnpm set for what they start. */
const BY_A_RUNNER = /(^|\0)npm_lifecycle_event=/;

/**
 * Sees to it that nothing is left of the present run, whoever ends this process and how: a process of its own, which no signal
 * of the terminal reaches, waits until this one is gone and removes what is still there.
 */
export function cleanUpAfterwards(): void {
  // the pipe closes with this process, also after a SIGKILL
  const script = 'trap "" HUP INT TERM; cat >/dev/null; exec bash "$0" "$1"';
  const janitor = spawn('bash', ['-c', script, END_RUN, currentRun()], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: outsideOfRuns() });
  janitor.unref();
  (janitor.stdin as unknown as { unref(): void }).unref();
}

/**
 * Calls back once, when one of the processes that this one was started through is gone (npm, its shell, tsx): they hand not every
 * signal on, and after a SIGKILL none.
 */
export function onOrphaned(callback: () => void): void {
  const before = JSON.stringify(ancestors());
  const timer = setInterval(() => {
    if (JSON.stringify(ancestors()) === before) return;
    clearInterval(timer);
    callback();
  }, LOOK_EVERY_MS);
  timer.unref();
}

/** From the parent up to the runner of the script, each with the moment it began, as a number may be used again. */
function ancestors(): string[] {
  const chain: string[] = [];
  for (let pid: number | null = process.ppid; pid !== null && pid > 1; ) {
    const { parent, began } = statOf(pid);
    chain.push(`${pid} ${began}`);
    pid = BY_A_RUNNER.test(readIfAny(`/proc/${pid}/environ`)) ? parent : null;
  }
  return chain;
}

/** Where there is no /proc, only the parent's number is known. */
function statOf(pid: number): { parent: number | null; began: string } {
  // the name of a program, in brackets, may hold anything
  const fields = readIfAny(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return { parent: fields[1] === undefined ? null : Number(fields[1]), began: fields[19] ?? '' };
}

function readIfAny(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

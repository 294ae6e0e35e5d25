import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

/**
 * A name that no other process ever has, and by which one on the same machine can tell whether this one still runs: the machine, the
 * process id, when it started, and a random id. At most 128 characters; the random id is the last 36.
 */
export async function identifyProcess(pid = process.pid): Promise<string> {
  return [machine(), pid, (await startOf(pid)) ?? UNKNOWN, randomUUID()].join('/');
}

/**
 * Whether the process of that name has surely ended. False for one of another machine, or where this one does not tell: the machine of a
 * container is the container, as it has a host name of its own, and keeps that when it is restarted.
 */
export async function hasEnded(identity: string): Promise<boolean> {
  const [where, id, started] = identity.split('/');
  const pid = Number(id);
  if (where !== machine() || !Number.isSafeInteger(pid) || pid <= 0) return false;
  if (!exists(pid)) return true;
  // another process may have got the number since
  const now = await startOf(pid);
  return now !== undefined && started !== UNKNOWN && now !== started;
}

const UNKNOWN = '-';

function machine(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 16);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: somebody else's, but there
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/**
 * When a process started: the boot of the machine, and the clock ticks since then (field 22 of proc_pid_stat(5)). Another one for a
 * process that has ended and that nobody has waited for. Undefined where there is no such file, as on macOS and Windows.
 */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile('/proc/sys/kernel/random/boot_id', 'utf8')]);
    // the name of the command, in parentheses, may contain anything
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isOver = fields[0] === 'Z' || fields[0] === 'X';
    return isOver ? 'ended' : `${boot.slice(0, 8)}.${fields[19]}`;
  } catch {
    return undefined;
  }
}

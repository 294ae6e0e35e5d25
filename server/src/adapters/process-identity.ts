import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

/**
 * Makes a name that no other process ever has, and by which another process on the same machine can tell whether this one still runs. It
 * consists of the machine, the process id, the time when the process started, and a random id. It has at most 128 characters; the random id
 * is the last 36.
 */
export async function identifyProcess(pid = process.pid): Promise<string> {
  return [machine(), pid, (await startOf(pid)) ?? UNKNOWN, randomUUID()].join('/');
}

/**
 * Whether the process of that name has surely ended. The answer is false for a process of another machine, and where the operating system
 * does not tell. The machine of a container is the container itself, since it has a host name of its own and keeps it when it is restarted.
 */
export async function hasEnded(identity: string): Promise<boolean> {
  const [where, id, started] = identity.split('/');
  const pid = Number(id);
  if (where !== machine() || !Number.isSafeInteger(pid) || pid <= 0) return false;
  if (!exists(pid)) return true;
  // another process may have the number by now
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
    // EPERM: the process exists and belongs to another user
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/**
 * Returns when a process started: the boot of the machine, and the clock ticks since then (field 22 of proc_pid_stat(5)). A process that
 * has ended and for which nobody has waited gets another answer. Undefined where there is no such file, as on macOS and Windows.
 */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile('/proc/sys/kernel/random/boot_id', 'utf8')]);
    // the name of the command is in parentheses and may contain any character
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isOver = fields[0] === 'Z' || fields[0] === 'X';
    return isOver ? 'ended' : `${boot.slice(0, 8)}.${fields[19]}`;
  } catch {
    return undefined;
  }
}

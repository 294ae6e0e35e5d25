import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** The time and memory that a program took from its start to its end. */
export interface ProcessCost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** How much of that it took after a time (milliseconds since the epoch). */
  cpuSecondsSince(time: number): number;
  /** The most memory it had at once, in MB. */
  readonly peakMb: number;
  /** The same, at the middle of its time and at its end: a program that collects what it has done grows. */
  readonly memoryMb: { readonly middle: number; readonly end: number };
  readonly stdout: string;
}

const SAMPLE_MS = 50;
/** Ticks per second of the kernel's clock that /proc counts in. It is the same on every Linux. */
const TICKS_PER_SECOND = 100;

/** Runs a program to its end and measures it, by /proc: Linux only. @throws Error with its last words unless it ends with 0 */
export async function costOf(command: string, args: readonly string[], options: { cwd?: string; env: NodeJS.ProcessEnv }): Promise<ProcessCost> {
  const started = performance.now();
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4_000)));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const samples: Sample[] = [];
  const timer = setInterval(() => {
    void sample(child.pid ?? 0).then((seen) => seen && samples.push(seen));
  }, SAMPLE_MS);
  const code = await ended.finally(() => clearInterval(timer));
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stderr}${stdout.slice(-2_000)}`);
  const at = (part: number) => samples[Math.floor((samples.length - 1) * part)]?.rss ?? 0;
  return {
    seconds,
    cpuSeconds: samples.at(-1)?.cpu ?? 0,
    cpuSecondsSince: (time) => (samples.at(-1)?.cpu ?? 0) - (samples.findLast(({ at: seen }) => seen <= time)?.cpu ?? 0),
    peakMb: Math.max(0, ...samples.map(({ peak }) => peak)),
    memoryMb: { middle: at(0.5), end: at(0.97) },
    stdout,
  };
}

interface Sample {
  readonly at: number;
  readonly cpu: number;
  readonly rss: number;
  readonly peak: number;
}

/** Undefined when it has ended. */
async function sample(pid: number): Promise<Sample | undefined> {
  try {
    const [stat, status] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/status`, 'utf8')]);
    // after the name, which may hold anything: utime and stime are the 14th and 15th field
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const megabytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN) / 1024;
    const [rss, peak] = [megabytes('VmRSS'), megabytes('VmHWM')];
    if (Number.isNaN(rss)) return undefined;
    return { at: Date.now(), cpu: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND, rss, peak };
  } catch {
    return undefined;
  }
}

import { readFile } from 'node:fs/promises';

/** The times of several runs of one thing, in milliseconds. */
export interface Timing {
  readonly median: number;
  readonly p95: number;
}

/** @param prepare before each run, not measured */
export async function timed(
  runs: number,
  work: (run: number) => Promise<unknown>,
  prepare: (run: number) => Promise<unknown> = async () => undefined,
): Promise<Timing> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    await prepare(run);
    const started = performance.now();
    await work(run);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] as number;
  return { median: at(0.5), p95: at(0.95) };
}

/** The middle of some numbers, and the limits between which the middle half of them lies. */
export interface Quartiles {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

export function quartilesOf(numbers: readonly number[]): Quartiles {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor((sorted.length - 1) * part + 0.5))] as number;
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) };
}

/** Resident memory of a process, in MiB. */
export async function residentMb(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Memory of this process that is in use, in MB. */
export function rssMb(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 2 ** 20;
}

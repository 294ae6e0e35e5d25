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

/** Memory of this process that is in use, in MB. */
export function rssMb(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 2 ** 20;
}

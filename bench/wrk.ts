import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { removeFolder, tempFolder } from '../tests/support/process';

const run = promisify(execFile);

export interface Ask {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface WrkOptions {
  readonly connections: number;
  readonly seconds: number;
  /** Time before the measurement, in which code is compiled, connections are opened, and what belongs into memory comes there. */
  readonly warmUpSeconds: number;
  /** Whether answers with an error status belong to the measurement. */
  readonly mayFail?: boolean;
}

export interface Measured {
  readonly requests: number;
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** Sends the requests in turn with `wrk`, from one thread. @throws Error if any answer is an error, and none may be */
export async function wrk({ connections, seconds, warmUpSeconds, mayFail = false }: WrkOptions, origin: string, asks: readonly Ask[]): Promise<Measured> {
  const folder = await tempFolder('wrk');
  const script = path.join(folder, 'script.lua');
  const table = (entries: readonly string[]) => `{ ${entries.join(', ')} }`;
  const headers = (ask: Ask) => table(Object.entries(ask.headers ?? {}).map(([name, value]) => `[${JSON.stringify(name)}] = ${JSON.stringify(value)}`));
  await writeFile(
    script,
    `local asks = ${table(asks.map((ask) => table([JSON.stringify(ask.path), headers(ask)])))}
local at = 0
request = function() at = at % #asks + 1; local ask = asks[at]; return wrk.format("GET", ask[1], ask[2]) end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(99), errors.status + errors.read + errors.timeout))
end
`,
  );
  try {
    const ask = async (duration: number) => (await run('wrk', ['-t1', `-c${connections}`, `-d${duration}s`, '-s', script, origin])).stdout;
    if (warmUpSeconds > 0) await ask(warmUpSeconds);
    const [, requests, micros, p99, failures] = /RESULT (\d+) (\d+) (\d+) (\d+)/.exec(await ask(seconds)) ?? [];
    if (!mayFail && Number(failures) > 0) throw new Error(`${failures} requests to ${origin} failed`);
    return { requests: Number(requests), perSecond: Number(requests) / (Number(micros) / 1e6), p99Ms: Number(p99) / 1000 };
  } finally {
    await removeFolder(folder);
  }
}

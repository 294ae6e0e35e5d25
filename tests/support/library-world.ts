import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Job, JobContext, JobOptions, JobOutcome, NewFinding } from '../../server/src/core/runner/job';
import type { JobDeps } from '../../server/src/core/jobs/deps';
import { RunProgress, type ProgressSnapshot } from '../../server/src/core/runner/run-progress';
import type { LibraryFile } from '../../server/src/core/media/library';
import { bodyOf } from './bodies';
import { mediaWorld } from './media-world';

export interface Run {
  outcome: JobOutcome;
  progress: ProgressSnapshot;
  findings: NewFinding[];
  /** The number of files that were done at each commit. */
  commits: number[];
}

/** The media world with a library that jobs go through. */
export async function libraryWorld(options: { prefix?: string } = {}) {
  const world = await mediaWorld(options);
  const files: LibraryFile[] = [];
  const logos: string[] = [];
  const pages: { after: number; limit: number; maxId: number | null }[] = [];
  const deps: JobDeps = {
    ...world.jobs,
    inventories: world.ledger.inventories,
    publicUrl: { known: () => null, fresh: async () => ({ code: null, detail: '' }) },
    library: {
      page: async (request) => {
        pages.push(request);
        const { after, limit, maxId } = request;
        return files.filter(({ id }) => id > after && (maxId === null || id <= maxId)).slice(0, limit);
      },
      logos: async () => logos,
    },
  };
  const write = async (name: string, content: string) => {
    const file = path.join(world.folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  };
  return Object.assign(world, {
    files, logos, pages, deps, write,
    /** Adds a file to the library, without bytes anywhere. */
    list: (names: string[], provider = 'local') => void files.push({ id: files.length + 1, provider, names }),
    /** Adds files to the library that lie on the disk. The bytes of each are its name. */
    async shelve(...names: string[]): Promise<void> {
      for (const name of names) {
        files.push({ id: files.length + 1, provider: 'local', names: [name] });
        await write(name, name);
      }
    },
    /** Puts an object into the bucket, as somebody else would. */
    bring: (name: string, content: string) => world.s3.put(name, bodyOf(content)),
    async run(job: Job, given: Partial<JobOptions> = {}, hooks: { signal?: AbortSignal; onCommit?(): void } = {}): Promise<Run> {
      const progress = new RunProgress();
      const findings: NewFinding[] = [];
      const commits: number[] = [];
      const context: JobContext = {
        options: { dryRun: false, maxId: null, apply: false, concurrency: 4, batchSize: 100, cleanupGraceMs: 0, fromStart: false, ...given },
        signal: hooks.signal ?? new AbortController().signal,
        halt: new AbortController().signal,
        hurry: new AbortController().signal,
        progress,
        runId: 1,
        async commit() {
          commits.push(progress.snapshot().done);
          hooks.onCommit?.();
        },
        report: async (some) => void findings.push(...some),
      };
      const outcome = await job.run(context);
      return { outcome, progress: progress.snapshot(), findings, commits };
    },
    async stateOf(name: string): Promise<string | undefined> {
      const row = await world.ledger.find(world.key(name));
      return row?.placement.state;
    },
    puts: () => world.requests.filter((request) => request.startsWith('put ')),
  });
}

export type LibraryWorld = Awaited<ReturnType<typeof libraryWorld>>;

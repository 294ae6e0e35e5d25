import fs from 'node:fs/promises';
import path from 'node:path';
import { restoreJob } from '../../server/src/core/jobs/restore/job';
import { sweepFiles } from '../../server/src/core/sweep/sweep';
import type { JobOptions } from '../../server/src/core/runner/job';
import { localOf } from '../../server/src/core/ledger/state';
import type { EngineParts } from '../../server/src/core/media/deps';
import type { KnownVolume } from '../../server/src/core/volumes/registry';
import { jobContext } from './job-context';
import { mediaWorld } from './media-world';

export const DAY = 24 * 3600_000;
/** The time in milliseconds after a replace, from which the path of the replaced file may have other bytes. */
export const RESTED = 4_000;

/** A media world in which leaving can begin. */
export async function leavingWorld() {
  const world = await mediaWorld();
  const at = (name: string) => path.join(world.folder, name);
  const library = { page: async () => [], logos: async () => [] };
  const space = async () => ({ free: 1e12, total: 1e12 });
  const volumes: KnownVolume[] = [];
  const registry = { list: async () => volumes };
  const job = (parts: EngineParts = world.jobs) => restoreJob({ ...parts, library, registry }, { space });
  return Object.assign(world, {
    at,
    job,
    /** The volumes that the registry has. */
    volumes,
    leave: () => void Object.assign(world.state, { mode: 'read-only', leaving: true }),
    /** Does one run of the restore job. @param parts the parts of the process that runs it */
    async run(parts: EngineParts = world.jobs, options: Partial<JobOptions> = {}) {
      const { context, progress, commits } = jobContext(options);
      return { outcome: await job(parts).run(context), progress: progress.snapshot(), commits };
    },
    row: async (name: string) => (await world.ledger.find(world.key(name)))!,
    localName: async (name: string) => localOf((await world.ledger.find(world.key(name)))!)?.localName,
    /** The content that plain Strapi would serve, or null. */
    plain: (name: string) => fs.readFile(at(name), 'utf8').catch(() => null),
    /** Every file that plain Strapi could serve. */
    async served(): Promise<Record<string, string>> {
      const found: Record<string, string> = {};
      for (const entry of await fs.readdir(world.folder, { recursive: true, withFileTypes: true })) {
        const name = path.relative(world.folder, path.join(entry.parentPath, entry.name));
        if (entry.isFile() && !name.startsWith('.')) found[name] = await fs.readFile(at(name), 'utf8');
      }
      return found;
    },
    /** Files that only the plugin knows, without the volume's id. */
    async hidden(): Promise<string[]> {
      const all = await fs.readdir(at('.s3-storage'), { recursive: true, withFileTypes: true });
      return all.filter((entry) => entry.isFile() && entry.name !== 'volume').map(({ name }) => name).sort();
    },
    async sweepAfter(ms: number): Promise<void> {
      world.state.now += ms;
      await sweepFiles(world.jobs, new AbortController().signal);
    },
  });
}

export type LeavingWorld = Awaited<ReturnType<typeof leavingWorld>>;

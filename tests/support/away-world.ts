import fs from 'node:fs/promises';
import path from 'node:path';
import { LeaseHolder } from '../../server/src/core/leases/lease-holder';
import type { EngineParts } from '../../server/src/core/media/deps';
import { MediaStorage } from '../../server/src/core/media/media-storage';
import type { ChangedFile, ListedSize } from '../../server/src/core/media/library-changes';
import { MemoryLeases } from '../../server/src/core/memory/leases';
import { MemoryWatches } from '../../server/src/core/memory/watches';
import { Absence, type AbsenceParts } from '../../server/src/core/upkeep/absence/absence';
import { bytesOf } from './bodies';
import { mediaWorld } from './media-world';

export const MINUTE = 60_000;

/** A media world whose library changes, and in which plain Strapi writes to the disk while no process of the plugin runs. */
export async function awayWorld() {
  const world = await mediaWorld();
  const { state, clock, jobs } = world;
  const watches = new MemoryWatches(clock);
  const files = new Map<string, ChangedFile>();
  const logos: string[] = [];
  let lastId = 0;
  const library: AbsenceParts['library'] = {
    page: async ({ since, lastId: known, after, limit }) =>
      [...files.values()].filter(({ id, changedAt }) => id > after && (changedAt >= since || (known !== null && id > known))).sort((a, b) => a.id - b.id).slice(0, limit),
    extent: async (to) => {
      const ids = [...files.values()].map(({ id }) => id).filter((id) => to === undefined || id <= to);
      return { lastId: Math.max(0, ...ids), files: ids.length };
    },
    logos: async () => logos,
  };
  const { signal }: { signal: NonNullable<Parameters<Absence['lookAtHeld']>[0]> } = new AbortController();
  // nobody waits in vain here: the clock of the media world would let every wait end at once
  const patient = { ...clock, sleep: (_ms: number, over?: AbortSignal) => new Promise<void>((_, reject) => over?.addEventListener('abort', () => reject(over.reason))) };

  const made = {
    watches,
    library,
    logos,
    /** Strapi notes a change of a file of one part; a new file gets a new id. */
    list(name: string, size: ListedSize = null, { changedAt = clock.now(), id = files.get(name)?.id ?? ++lastId } = {}): void {
      files.set(name, { id, changedAt, parts: [{ name, size }] });
      world.listed.add(world.key(name));
    },
    unlist(name: string): void {
      files.delete(name);
      world.listed.delete(world.key(name));
    },
    /** An upload through the plugin, as far as the library and the ledger notice it. */
    async upload(name: string, content: string): Promise<void> {
      await world.put(name, content);
      made.list(name, { bytes: content.length });
    },
    /** Writes a file as plain Strapi does, at a time of the world's clock. */
    async write(name: string, content: string, at = clock.now()): Promise<void> {
      const file = path.join(world.folder, name);
      await fs.writeFile(file, content);
      await fs.utimes(file, at / 1000, at / 1000);
    },
    /** Plain Strapi uploads or replaces a file. */
    async plainWrite(name: string, content: string, size: ListedSize = { bytes: content.length }): Promise<void> {
      await made.write(name, content);
      state.now += 50;
      made.list(name, size);
    },
    signal,
    pass: (ms: number) => void (state.now += ms),
    /** A process of the plugin starts: its absence, and a reader that waits for it. */
    async start(parts: Partial<EngineParts> = {}) {
      const absence = new Absence({ ...jobs, clock: patient, ...parts, library, watches, leases: new LeaseHolder(leases, 'me', patient, jobs.log) });
      await absence.begin();
      const storage = new MediaStorage({ ...jobs, ...parts, inTransaction: () => state.inTransaction, keepsLocally: () => true, memoryCacheMb: () => 0, events: world.events, away: absence });
      jobs.rows.clear();
      const read = async (name: string) => {
        const opened = await storage.reader.open(world.key(name), () => ({ bytes: 'all' }));
        return opened.kind === 'file' ? (await bytesOf(opened.body!)).toString() : opened.kind;
      };
      return { absence, storage, read };
    },
    /** The process has run for a while: it has looked at everything, and ends in order. */
    async runOnce(): Promise<void> {
      const { absence } = await made.start();
      await absence.lookAtHeld(signal);
      await absence.look(signal);
      await absence.stop();
    },
    row: async (name: string) => (await world.ledger.find(world.key(name)))!,
    condemnedObjects: async () => (await world.ledger.dueNames({ kind: 'object', locationId: 1 }, 100)).map(({ name }) => name as string),
  };
  const leases = new MemoryLeases(clock);
  return Object.assign(world, made);
}

export type AwayWorld = Awaited<ReturnType<typeof awayWorld>>;

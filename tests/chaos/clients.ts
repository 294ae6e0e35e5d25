import { sleep } from '../support/process';
import type { Kind } from './content';
import type { Dice } from './dice';
import { read, remove, replace, upload } from './operations';
import type { Replica, Tracked, World } from './world';

/** More than two writers of one key at a time would prove no more. */
const MOST_WRITERS = 2;

/** Clients at work. `stop` resolves when the last of their requests has ended. */
export interface Crowd {
  stop(): Promise<void>;
}

/** Starts the clients. @param size the number of clients of each replica */
export function startClients(world: World, size: number, label: string): Crowd {
  let stopped = false;
  const clients = world.replicas.flatMap((replica) =>
    Array.from({ length: size }, (_, number) => work(world, replica, world.dice.fork(`${label}/${replica.name}/${number}`), () => stopped)),
  );
  return {
    async stop() {
      stopped = true;
      await Promise.all(clients);
    },
  };
}

async function work(world: World, home: Replica, dice: Dice, stopped: () => boolean): Promise<void> {
  while (!stopped()) {
    await act(world, home, dice);
    await sleep(dice.int(0, 40));
  }
}

async function act(world: World, home: Replica, dice: Dice): Promise<void> {
  const action = dice.weighted({ upload: 32, replace: 22, remove: 9, read: 37 });
  const file = action === 'upload' ? undefined : someFile(world, dice, action === 'remove' ? 1 : MOST_WRITERS);
  if (!file) return upload(world, home, someKinds(dice));
  // a large file takes the time of many small ones
  if (action === 'replace' && file.kind !== 'parts') return replaceAndRead(world, home, file, dice);
  if (action === 'remove') return remove(world, home, file);
  // clients often read what others wrote
  const from = dice.pick(world.replicas);
  await read(world, from, file, dice.pick([file.key, file.key, ...file.formatKeys]));
}

/** Replaces a file and reads it at once, and again when every replica must know of the replace. */
async function replaceAndRead(world: World, home: Replica, file: Tracked, dice: Dice): Promise<void> {
  const keys = [file.key, ...file.formatKeys] as const;
  // each replica reads the old bytes first, so that it has something old to remember
  for (const replica of world.replicas) await read(world, replica, file, dice.pick(keys));
  // another client may have deleted it meanwhile
  if (file.model.mayBeGone) return;
  await replace(world, home, file);
  for (const key of keys) await read(world, home, file, key);
  if (world.replicas.length === 1) return;
  await sleep(world.lagMs);
  for (const replica of world.replicas) await read(world, replica, file, dice.pick(keys));
}

function someKinds(dice: Dice): Kind[] {
  const kind = () => dice.weighted<Kind>({ text: 46, binary: 34, image: 20, parts: 0 });
  return Array.from({ length: dice.chance(0.15) ? 3 : 1 }, kind);
}

/** Picks one of the latest files half of the time, so that writes and reads of one file meet. */
function someFile(world: World, dice: Dice, mostWriters: number): Tracked | undefined {
  const { files } = world;
  const from = dice.chance(0.5) ? Math.max(0, files.length - 12) : 0;
  const file = files[dice.int(from, Math.max(from, files.length - 1))];
  return file && !file.model.mayBeGone && file.writers < mostWriters ? file : undefined;
}

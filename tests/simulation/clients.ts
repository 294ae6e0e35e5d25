/** The clients of the media library: they do what Strapi does around the engine for an upload, a replace, a delete or an import. */

import { isStorageError } from '../../server/src/core/errors';
import type { ObjectKey } from '../../server/src/core/keys';
import { RequestScope } from '../../server/src/core/media/request-scope';
import { DatabaseError } from './faults';
import type { Step } from './plan';
import type { Process } from './process';
import type { Life } from './scheduler';
import { bytesFor, keysOf, type World } from './world';
import { STALE_MS, type Ending, type Moment, type Write } from './writes';
import { bytesOf } from '../support/bodies';

type ClientStep = Extract<Step, { file: number }>;

/** Strapi's own refusal, before anything is sent, because there is no such file. */
class NoSuchFile extends Error {}

const fileName = (index: number): string => `file${index + 1}`;

/** The file that a step means, among those that the library has now. An import also brings back a deleted one. */
function chosen(world: World, step: ClientStep): string | undefined {
  const imports = step.kind === 'import' || step.kind === 'import-rolled-back';
  const files = imports ? world.onceListed() : [...world.database.files.keys()];
  return files.length === 0 ? undefined : files[step.file % files.length];
}

/**
 * Requests that give every key of a file new bytes. After others a thumbnail may be left that an earlier request, whose answer was lost, took
 * off the list: the library no longer leads to it, and the audit finds it.
 */
const GIVES_ALL_KEYS: ReadonlySet<string> = new Set(['upload', 'replace', 'import']);

/** Does one step as a client, and resolves when the client has its answer. */
export async function play(world: World, step: ClientStep): Promise<void> {
  const process = world.processes[step.at] as Process;
  if (step.kind === 'read') return readSomething(world, process, step);
  const file = step.kind === 'upload' ? fileName(world.outside.lastWrite) : chosen(world, step);
  if (file === undefined) return;
  const deletes = step.kind === 'remove' || step.kind === 'import-delete';
  const write = world.writes.begin(file, deletes ? 'delete' : 'content', step.kind, process.life, world.now);
  world.note(`${process.life.name}: ${step.kind} of ${file} begins (write ${write.id})`);
  const ending = await requests[step.kind](world, process, file, write).then(
    (): Ending => 'acknowledged',
    (error: unknown): Ending => endingOf(error),
  );
  // a client that gave up has its answer already
  write.ended ??= { ...world.now, as: ending };
  write.over = world.now;
  const met = world.writes.meeting(write);
  if (met.some((other) => other.request !== 'replace' || write.request !== 'replace')) world.doubtful.add(file);
  else if (met.length === 0 && ending === 'acknowledged' && GIVES_ALL_KEYS.has(step.kind)) world.doubtful.delete(file);
  world.note(`${process.life.name}: ${step.kind} of ${file} (write ${write.id}) is ${ending}`);
}

function endingOf(error: unknown): Ending {
  // an error of the database leaves open what it did, and every other error says that nothing was changed
  if (error instanceof DatabaseError) return 'unknown';
  if (isStorageError(error) || error instanceof NoSuchFile || error instanceof RolledBack) return 'refused';
  throw error;
}

/**
 * A client loses patience with its replace once that has been recorded, and may send another. The process goes on with the
 * first, and must not publish it after the second.
 */
export function giveUp(world: World, life: Life): void {
  const write = world.writes.all.find((one) => one.life === life && !one.ended && (world.database.recorded.get(keysOf(one.file)[0]) ?? -1) > one.begun.step);
  if (!write || world.writes.meeting(write).length > 0) return;
  write.ended = { ...world.now, as: 'unknown' };
  world.doubtful.add(write.file);
  world.note(`${life.name}: the client of write ${write.id} gives up`);
}

type Request = (world: World, process: Process, file: string, write: Write) => Promise<void>;

const requests: Record<Exclude<ClientStep['kind'], 'read'>, Request> = {
  async upload(world, process, file, write) {
    const scope = new RequestScope('upload');
    await process.storage.inScope(scope, async () => {
      await Promise.all(keysOf(file).map((key) => process.put(key, bytesFor(write, key), scope)));
      await process.host.change(`library insert ${file}`, () => world.list(file, keysOf(file)));
    });
  },
  replace: (world, process, file, write) => replace(world, process, file, write, true),
  'replace-bare': (world, process, file, write) => replace(world, process, file, write, false),

  async remove(world, process, file) {
    const scope = new RequestScope('remove');
    await process.storage.inScope(scope, async () => {
      for (const key of world.database.files.get(file) ?? []) await process.storage.remove(key, scope);
      await process.host.change(`library delete ${file}`, () => void world.database.files.delete(file));
    });
  },

  import: (world, process, file, write) => importFile(world, process, file, write, false),
  'import-rolled-back': (world, process, file, write) => importFile(world, process, file, write, true),

  'import-delete': (world, process, file) =>
    process.host.transaction(async () => {
      for (const key of world.database.files.get(file) ?? []) await process.storage.remove(key);
      await process.host.change(`library delete ${file}`, () => void world.database.files.delete(file));
    }),
};

/** @param formats false if the new image is too small for a thumbnail, so that the old thumbnail goes */
async function replace(world: World, process: Process, file: string, write: Write, formats: boolean): Promise<void> {
  const before = world.database.files.get(file);
  if (!before) throw new NoSuchFile(file);
  const [main, thumbnail] = keysOf(file);
  const keys = formats ? [main, thumbnail] : [main];
  const scope = new RequestScope('replace');
  let changed = false;
  try {
    await process.storage.inScope(scope, async () => {
      const dropped = before.filter((key) => !keys.includes(key));
      await Promise.all([...keys.map((key) => process.put(key, bytesFor(write, key), scope)), ...dropped.map((key) => process.storage.remove(key, scope))]);
      await process.host.change(`library update ${file}`, () => {
        if (!world.database.files.has(file)) throw new NoSuchFile(file);
        world.list(file, keys);
      });
      changed = true;
    });
  } catch (error) {
    if (!(error instanceof DatabaseError) || changed) throw error;
    // none of the bytes are published then, whatever became of the library's own change
    world.doubtful.add(file);
    throw new NoSuchFile(file);
  }
}

class RolledBack extends Error {}

/** Imports as `strapi import` does: in one transaction the library's old file goes and the new one comes under the same key. */
function importFile(world: World, process: Process, file: string, write: Write, rollsBack: boolean): Promise<void> {
  return process.host.transaction(async () => {
    for (const key of world.database.files.get(file) ?? []) await process.storage.remove(key);
    await process.host.change(`library delete ${file}`, () => void world.database.files.delete(file));
    for (const key of keysOf(file)) await process.put(key, bytesFor(write, key));
    await process.host.change(`library insert ${file}`, () => world.list(file, keysOf(file)));
    if (rollsBack) throw new RolledBack();
  });
}

async function readSomething(world: World, process: Process, step: ClientStep): Promise<void> {
  const file = chosen(world, step);
  if (file === undefined) return;
  const key = keysOf(file)[world.doubtful.has(file) ? 0 : step.file % 2] as ObjectKey;
  await readAndJudge(world, process, file, key);
}

/** Reads a key as a visitor does. @throws Violation when the answer is not one a visitor may get; @returns its kind */
export async function readAndJudge(world: World, process: Process, file: string, key: ObjectKey): Promise<string> {
  const asked = world.now;
  const listedSince = world.listedSince(key);
  let opened: Awaited<ReturnType<Process['storage']['reader']['open']>>;
  try {
    opened = await process.storage.reader.open(key, () => ({ bytes: 'all' }));
  } catch (error) {
    if (error instanceof DatabaseError) return 'error';
    throw error;
  }
  const what = `${process.life.name} reads ${key} (asked at step ${asked.step})`;
  if (opened.kind === 'file') {
    const text = (await bytesOf(opened.body!)).toString();
    world.note(`${what}: "${text}" from ${opened.from}`);
    judgeBytes(world, process, { what, file, key, text, asked });
  } else {
    world.note(`${what}: ${opened.kind}`);
    // a file that was deleted and imported again meanwhile was not listed for a moment, and the visitor may have asked then
    const listedLong = listedSince <= asked.time - STALE_MS && world.listedSince(key) === listedSince;
    const listed = listedLong && (world.database.files.get(file)?.includes(key) ?? false) && !world.writes.underWay(file);
    // the owner of the bucket has removed it, and this server is a copy, or was one
    const isGivenUp = opened.kind === 'vanished' && (!world.isOwner || world.lost.size > 0);
    if (listed && opened.kind !== 'unavailable' && !isGivenUp) world.violated(`${what}: ${opened.kind}, although the library lists it`);
  }
  return opened.kind;
}

function judgeBytes(world: World, process: Process, read: { what: string; file: string; key: ObjectKey; text: string; asked: Moment }): void {
  const { what, file, key, text, asked } = read;
  const write = world.writes.get(Number.parseInt(text, 10));
  if (!write || text !== bytesFor(write, key).toString()) return world.violated(`${what}: wrong bytes "${text}"`);
  // the first reader of a file that only the bucket had records it, even at the moment in which a replace drops it
  const justRecorded = world.unread.has(key) && !world.database.isListed(key);
  if (!justRecorded && !world.writes.mayBeSeen(write, process.life, asked, world.now)) {
    const expected = world.writes.visible(file, process.life, asked, world.now).map(({ id, kind }) => `${kind} ${id}`);
    world.violated(`${what}: bytes of write ${write.id}, which nobody may see any more (instead of ${expected.join(' or ')})`);
  }
}

import { keysOf, type ApiAnswer, type UploadedFile } from '../support/admin-client';
import type { TestFile } from '../support/images';
import { versionOf, type Kind } from './content';
import { FileModel, type Answer } from './model';
import { now, urlOf, type Loose, type Replica, type Tracked, type World } from './world';

/** The end of a request: an answer, or a broken connection, after which nobody knows what the server did. */
type Ended<T> = { outcome: 'acknowledged'; body: T } | { outcome: 'refused' | 'unknown' };

async function ask<T>(world: World, what: string, send: () => Promise<ApiAnswer<T>>): Promise<Ended<T>> {
  world.inFlight++;
  try {
    const { status, body } = await send();
    if (status >= 200 && status < 300) {
      world.count(`${what} acknowledged`);
      return { outcome: 'acknowledged', body };
    }
    world.count(`${what} refused with ${status}: ${sentenceOf(body)}`);
    return { outcome: 'refused' };
  } catch {
    world.count(`${what} without an answer`);
    return { outcome: 'unknown' };
  } finally {
    world.inFlight--;
  }
}

const sentenceOf = (body: unknown): string => String((body as { error?: { message?: string } } | null)?.error?.message ?? body).slice(0, 120);

function formOf(files: readonly TestFile[]): FormData {
  const form = new FormData();
  for (const { bytes, type, name } of files) form.append('files', new Blob([new Uint8Array(bytes)], { type }), name);
  return form;
}

/** Uploads some new files in one request. */
export async function upload(world: World, { name: replica, strapi }: Replica, kinds: readonly Kind[]): Promise<void> {
  const made = await Promise.all(kinds.map(async (kind) => ({ kind, ...(await world.contents.make(kind, world.nameFor(kind))) })));
  const loose: Loose[] = made.map(({ kind, file, mark }) => ({ kind, mark, name: file.name }));
  const startedAt = now();
  const answer = await ask(world, 'upload', () => strapi.api<UploadedFile[]>('POST', '/upload', formOf(made.map(({ file }) => file))));
  if (answer.outcome !== 'acknowledged') {
    world.loose.push(...loose);
    return;
  }
  for (const one of loose) {
    const listed = answer.body.find(({ name }) => name === one.name);
    if (!listed) {
      world.violated(`an upload of ${one.name} was acknowledged, and is not in the answer`);
      continue;
    }
    const model = new FileModel(world.lagMs);
    model.written(model.write(replica, startedAt), 'acknowledged', now());
    const [key = '', ...formatKeys] = keysOf(listed);
    world.track({ ...one, id: listed.id, key, formatKeys }, model);
  }
}

export async function replace(world: World, { name: replica, strapi }: Replica, file: Tracked): Promise<void> {
  file.writers++;
  const { file: content, mark } = await world.contents.make(file.kind, file.name);
  file.marks.push(mark);
  const version = file.model.write(replica, now());
  const form = formOf([content]);
  form.append('fileInfo', JSON.stringify({ name: file.name }));
  const { outcome } = await ask(world, 'replace', () => strapi.api('POST', `/upload?id=${file.id}`, form));
  file.model.written(version, outcome, now());
  file.writers--;
}

/** Deletes a file that nobody else writes at that time. */
export async function remove(world: World, { name: replica, strapi }: Replica, file: Tracked): Promise<void> {
  file.writers++;
  file.model.remove(replica, now());
  const { outcome } = await ask(world, 'delete', () => strapi.api('DELETE', `/upload/files/${file.id}`));
  file.model.removed(outcome, now());
  file.writers--;
}

export type Seen = { answer: Answer; bytes: Buffer } | 'unavailable' | 'broken';

/** Reads a file or one of its formats, and reports an answer that the clients' model does not allow. */
export async function read(world: World, { name: replica, strapi }: Replica, file: Tracked, key: string): Promise<Seen> {
  const startedAt = now();
  let answer: Awaited<ReturnType<typeof strapi.read>>;
  world.inFlight++;
  try {
    answer = await strapi.read(urlOf(key));
  } catch {
    // the answer was cut short, as its Content-Length shows
    world.count('read broken off');
    return 'broken';
  } finally {
    world.inFlight--;
  }
  const object = (what: string) => world.violated(`${what}; GET ${key} on ${replica}`, file.key);
  if (answer.status === 503) {
    if (!answer.headers.get('retry-after')) object('a 503 without Retry-After');
    world.count('read unavailable');
    return 'unavailable';
  }
  if (answer.status !== 200 && answer.status !== 404) {
    object(`a read answered ${answer.status}`);
    return 'broken';
  }
  world.count('read answered');
  const version = answer.status === 200 ? await versionOf(file.marks, answer.bytes, key !== file.key) : null;
  const seen: Answer = answer.status === 200 ? { kind: 'bytes', version } : { kind: 'missing' };
  const objection = file.model.objection({ replica, startedAt }, seen);
  if (objection) object(objection);
  return { answer: seen, bytes: answer.bytes };
}

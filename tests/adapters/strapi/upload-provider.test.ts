import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { promisify } from 'node:util';
import { HeldBody } from '../../../server/src/core/store/held-body';
import { StorageError } from '../../../server/src/core/errors';
import { wrapProvider, wrapService, type UploadProvider } from '../../../server/src/adapters/strapi/upload-provider';
import type { UploadFile } from '../../../server/src/adapters/strapi/upload-file';
import { bodyOf } from '../../support/bodies';
import { mediaWorld, type MediaWorld } from '../../support/media-world';

let world: MediaWorld;
let passed: string[];
let provider: UploadProvider;

beforeEach(async () => {
  world = await mediaWorld();
  passed = [];
  const note = (method: string) => async () => void passed.push(method);
  const original = { upload: note('upload'), uploadStream: note('uploadStream'), replace: note('replace'), replaceStream: note('replaceStream'), delete: note('delete') };
  provider = wrapProvider(original, async () => world.storage);
});
afterEach(() => world.close());

const fail = () => Promise.reject(new Error('the local provider was called'));
const streamed = (text: string, hash = 'a') => ({ hash, ext: '.txt', mime: 'text/plain', stream: Readable.from([Buffer.from(text)]) }) as unknown as UploadFile;
const whole = (text: string, hash = 'a') => ({ hash, ext: '.txt', mime: 'text/plain', buffer: Buffer.from(text) }) as unknown as UploadFile;

// Strapi prefers the methods for streams; other plugins and older versions call the plain ones
test.each([
  ['upload', 'replace', whole],
  ['upload', 'replace', streamed],
  ['uploadStream', 'replaceStream', streamed],
] as const)('%s and %s store the bytes in S3 and never call the local provider (case %#)', async (write, replace, file) => {
  const first = file('one');
  await provider[write](first);
  expect(first.url).toBe('/uploads/a.txt');
  expect(await world.read('a.txt')).toBe('one');
  await provider[replace](file('two'), file('one'));
  expect(await world.read('a.txt')).toBe('two');
  // the former bytes keep their name
  expect(world.s3.names()).toHaveLength(2);
  expect(passed).toEqual([]);
});

test('a replace under another name buries the old key', async () => {
  await provider.upload(whole('one'));
  await provider.replace(whole('two', 'b'), whole('one'));
  expect(await world.read('b.txt')).toBe('two');
  expect((await world.ledger.find(world.key('a.txt')))?.tombstone).toBeTruthy();
});

describe('the source of the bytes', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'upload-provider-'));
    await writeFile(path.join(folder, 'uploaded'), 'as uploaded');
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A file as Strapi's own service makes it. */
  const uploaded = (more: Partial<UploadFile> = {}): UploadFile => {
    const getStream = () => createReadStream(path.join(folder, 'uploaded'));
    return { hash: 'a', ext: '.txt', mime: 'text/plain', getStream, stream: getStream(), ...more };
  };
  const upper = () => new Transform({ transform: (chunk: Buffer, _encoding, done) => done(null, chunk.toString().toUpperCase()) });
  const spools = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('s3-storage-spool-'));

  test.each<[string, (file: UploadFile) => void, string]>([
    ['a stream that a wrapper has put in its place', (file) => (file.stream = file.stream?.pipe(upper())), 'AS UPLOADED'],
    ['a stream of another file', (file) => (file.stream = createReadStream(path.join(folder, 'processed'))), 'processed'],
    ['a part of the stream', (file) => (file.stream = createReadStream(path.join(folder, 'uploaded'), { start: 3 })), 'uploaded'],
    ['a stream of text', (file) => (file.stream = Readable.from(['é', 'é'])), 'éé'],
    ['the stream, although there is a buffer', (file) => (file.buffer = Buffer.from('not this')), 'as uploaded'],
    ['a buffer where the stream is gone', (file) => Object.assign(file, { stream: undefined, buffer: Buffer.from('the buffer') }), 'the buffer'],
    ['what was uploaded, where nothing else is left', (file) => delete file.stream, 'as uploaded'],
  ])('for uploadStream and replaceStream is %s', async (_what, change, expected) => {
    await writeFile(path.join(folder, 'processed'), 'processed');
    for (const method of ['uploadStream', 'replaceStream'] as const) {
      const file = uploaded();
      change(file);
      await provider[method](file, file);
      expect(await world.read('a.txt')).toBe(expected);
    }
  });

  test('is read once where it is no larger than 8 MiB: a failed attempt is repeated from memory', async () => {
    const file = uploaded({ getStream: () => { throw new Error('opened again'); } });
    let failures = 1;
    world.fault = (operation) => {
      if (operation !== 'put' || failures-- === 0) return undefined;
      return rm(path.join(folder, 'uploaded')).then(() => Promise.reject(new StorageError('UNREACHABLE', { refused: true })));
    };
    await provider.uploadStream(file);
    expect(await world.object('a.txt')).toBe('as uploaded');
  });

  test.each<[string, () => UploadFile, (large: string) => string]>([
    ['the stream itself', () => uploaded(), (large) => large],
    ['what was uploaded, where nothing else is left', () => uploaded({ stream: undefined }), (large) => large],
    ['a stream of another file', () => uploaded({ stream: createReadStream(path.join(folder, 'processed')) }), (large) => `processed ${large}`],
    ['a part of the stream', () => uploaded({ stream: createReadStream(path.join(folder, 'uploaded'), { start: 3 }) }), (large) => large.slice(3)],
  ])('of a larger file is %s', async (_what, file, expected) => {
    const large = 'large '.repeat(1.5 * 1024 * 1024);
    await writeFile(path.join(folder, 'uploaded'), large);
    await writeFile(path.join(folder, 'processed'), `processed ${large}`);
    await provider.uploadStream(file());
    expect((await world.object('a.txt')) === expected(large)).toBe(true);
  });

  test.each([
    ['a stream', () => uploaded({ stream: createReadStream(path.join(folder, 'gone')) })],
    ['a stream that is opened for it', () => uploaded({ stream: undefined, getStream: () => createReadStream(path.join(folder, 'gone')) })],
  ])('may be a file that is gone: %s fails, and nothing else', async (_what, file) => {
    await expect(provider.uploadStream(file())).rejects.toMatchObject({ details: { code: 'BODY_FAILED' } });
    // time for an error that nobody would hear
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await world.read('a.txt')).toBe('unknown');
  });

  test('may be a file that turns out to be gone before the storage answers', async () => {
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const waiting = wrapProvider({ upload: fail, uploadStream: fail, delete: fail }, () => answered.then(() => world.storage));
    const stored = waiting.uploadStream(uploaded({ stream: createReadStream(path.join(folder, 'gone')), getStream: undefined }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    answer();
    await expect(stored).rejects.toMatchObject({ details: { code: 'BODY_FAILED' } });
  });

  test('is never held where its size is unknown beforehand, as for a pipe', async () => {
    const pipe = path.join(folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const read = jest.spyOn(HeldBody, 'read');
    const stored = provider.uploadStream(uploaded({ stream: createReadStream(pipe), getStream: undefined }));
    await writeFile(pipe, 'through the pipe');
    await stored;
    expect(read).not.toHaveBeenCalled();
    expect(await world.object('a.txt')).toBe('through the pipe');
  });

  test('is held in memory for up to 64 MiB of uploads at once', async () => {
    const MIB = 1024 * 1024;
    await writeFile(path.join(folder, 'uploaded'), Buffer.alloc(8 * MIB, 'x'));
    const opened = new Set<string>();
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    world.fault = (operation, name, s3) => (operation === 'put' ? released.then(() => s3.put(name, bodyOf('stored'))) : undefined);
    const files = Array.from({ length: 10 }, (_, number) => uploaded({ hash: `file-${number}` }));
    for (const file of files) {
      const { getStream } = file;
      file.getStream = () => {
        opened.add(file.hash);
        return getStream!();
      };
    }
    const uploads = files.map((file) => provider.uploadStream(file).catch(() => undefined));
    // the two that have no room in memory look whether their stream can be opened again
    while (opened.size < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    release();
    await Promise.all(uploads);
    expect(opened.size).toBe(2);
  });

  test('for uploadStream is the buffer after a wrapper has read the stream into it', async () => {
    const file = uploaded();
    const { stream } = file;
    file.buffer = Buffer.concat(await stream!.toArray());
    await provider.uploadStream(file);
    expect(await world.read('a.txt')).toBe('as uploaded');
  });

  test('for upload and replace is the buffer, although there is a stream', async () => {
    await provider.upload(uploaded({ buffer: Buffer.from('the buffer') }));
    expect(await world.read('a.txt')).toBe('the buffer');
    // nobody reads the old file's stream, so that nobody would hear its error once the folder is gone
    await provider.replace(uploaded({ buffer: Buffer.from('another') }), uploaded({ stream: undefined }));
    expect(await world.read('a.txt')).toBe('another');
  });

  test('can be a changed stream at each attempt, and for the disk when S3 takes none of them', async () => {
    let asked = 0;
    world.fault = (operation) => (operation === 'put' && ++asked ? Promise.reject(new StorageError('SERVER_ERROR', { refused: true })) : undefined);
    const file = uploaded();
    file.stream = file.stream?.pipe(upper());
    const before = await spools();
    await provider.uploadStream(file);
    expect(asked).toBeGreaterThan(1);
    expect(await world.read('a.txt')).toBe('AS UPLOADED');
    expect(await spools()).toEqual(before);
  });

  test('is not copied first when nobody has changed Strapi’s upload', async () => {
    let seen: string[] = [];
    const before = await spools();
    world.fault = (operation) => {
      if (operation !== 'put') return undefined;
      return (async () => {
        seen = (await spools()).filter((name) => !before.includes(name));
        throw new StorageError('SERVER_ERROR', { refused: true });
      })();
    };
    await provider.uploadStream(uploaded());
    expect(seen).toEqual([]);
  });
});

test('a replace without the plugin’s storage on a provider that cannot replace is a delete and an upload', async () => {
  const calls: string[] = [];
  const note = (method: string) => async () => void calls.push(method);
  const old = wrapProvider({ upload: note('upload'), uploadStream: note('uploadStream'), delete: note('delete') }, async () => undefined);
  await old.replace(whole('two'), whole('one'));
  await old.replaceStream(streamed('two'), streamed('one'));
  expect(calls).toEqual(['delete', 'upload', 'delete', 'uploadStream']);
});

test('an upload that did not go through the plugin is noticed', async () => {
  const bypassed: string[] = [];
  const service = (upload: () => Promise<unknown>) =>
    wrapService({ upload, replace: upload, remove: upload }, async () => world.storage, () => void bypassed.push('bypass'));
  await service(async () => [{ id: 1 }]).upload();
  expect(bypassed).toEqual(['bypass']);
  await service(async () => {
    await provider.upload(whole('one'));
    return [{ id: 1 }];
  }).upload();
  expect(bypassed).toHaveLength(1);
});

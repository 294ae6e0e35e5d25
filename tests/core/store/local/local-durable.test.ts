import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { LocalObjectStore } from '../../../../server/src/core/store/local/local-object-store';
import { openVolume } from '../../../../server/src/core/store/local/volume';
import { bodyOf, someBytes } from '../../../support/bodies';

/**
 * No test can cut the power, and without that a file that was never synchronised looks like one that was. So this test
 * watches what the store asks of the disk, and in which order. It notes each step when the step has succeeded.
 */
let root: string;
let store: LocalObjectStore;
let steps: string[];
let founding: string[];
beforeEach(async () => {
  root = await fs.mkdtemp(join(tmpdir(), 's3-storage-durable-'));
  store = new LocalObjectStore(root);
  steps = [];
  await watch();
  await store.put('first', bodyOf('x'));
  // these steps happen once in the life of an uploads folder
  founding = steps.splice(0);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await fs.rm(root, { recursive: true, force: true });
});

const nameOf = (path: string) => relative(root, path).replace(/^\.s3-storage\/(tmp\/.+|volume\..+)/, 'temporary') || '.';

/** The number of steps under way. A step begins only when the one before it has ended. */
let running = 0;
async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (running > 0) steps.push('meanwhile');
  running++;
  try {
    const result = await work();
    if (steps.at(-1) !== name) steps.push(name);
    return result;
  } finally {
    running--;
  }
}

async function watch(): Promise<void> {
  const { open, link } = fs;
  const paths = new WeakMap<object, string>();
  const any = await open(root);
  const handle = Object.getPrototypeOf(any) as fs.FileHandle;
  await any.close();
  jest.spyOn(fs, 'open').mockImplementation(async (...args) => {
    const file = await open(...args);
    paths.set(file, nameOf(String(args[0])));
    return file;
  });
  for (const method of ['write', 'writeFile', 'sync'] as const) {
    const real = handle[method] as (...args: unknown[]) => Promise<unknown>;
    jest.spyOn(handle, method).mockImplementation(function (this: fs.FileHandle, ...args: unknown[]) {
      return step(`${method === 'sync' ? 'sync' : 'write'} ${paths.get(this)}`, () => real.apply(this, args)) as never;
    });
  }
  jest.spyOn(fs, 'link').mockImplementation((from, to) => step(`link ${nameOf(String(to))}`, () => link(from, to)));
}

test('put gives a file its name after the bytes are synchronised, and resolves after the name is synchronised', async () => {
  await store.put('a.bin', bodyOf(someBytes(300_000)));
  expect(steps).toEqual(['write temporary', 'sync temporary', 'link a.bin', 'sync .']);
});

test('put synchronises each folder that it makes in the folder above, before the file gets its name', async () => {
  await store.put('deep/er/a.bin', bodyOf(someBytes(300_000)));
  expect(steps).toEqual(['write temporary', 'sync temporary', 'sync deep', 'sync .', 'link deep/er/a.bin', 'sync deep/er']);
});

test('put synchronises a copy and its name where the disk has no hard links', async () => {
  jest.spyOn(fs, 'link').mockRejectedValue(Object.assign(new Error('no links here'), { code: 'EPERM' }));
  await store.put('a.bin', bodyOf(someBytes(300_000)));
  expect(steps).toEqual(['write temporary', 'sync temporary', 'write a.bin', 'sync a.bin', 'sync .']);
});

test('the first put synchronises the plugin’s own folder and then the uploads folder', async () => {
  expect(founding.slice(0, 2)).toEqual(['sync .s3-storage', 'sync .']);
});

test('openVolume synchronises the volume’s id and its name before it resolves', async () => {
  await openVolume(root);
  expect(steps).toEqual(['write temporary', 'sync temporary', 'link .s3-storage/volume', 'sync .s3-storage']);
});

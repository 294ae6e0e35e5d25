import type { LibraryFile } from '../../../server/src/core/media/library';
import { unreadableFiles } from '../../../server/src/core/media/unreadable-files';

/** A library of `files`, in pages of the size that is asked for. Each look takes `lookMs`. */
function world(files: Omit<LibraryFile, 'id'>[], { lookMs = 0, logos = [] as string[], isReadable = (_key: string, _look: number): boolean => false } = {}) {
  let now = 0;
  const looks: string[] = [];
  const clock = { elapsed: () => now, sleep: async (ms: number) => void (now += ms) };
  const library = {
    page: async ({ after, limit }: { after: number; limit: number }) => files.map((file, at) => ({ id: at + 1, ...file })).filter(({ id }) => id > after).slice(0, limit),
    logos: async () => logos,
  };
  const reader = {
    isReadable: async (key: string) => {
      looks.push(key);
      now += lookMs;
      return isReadable(key, looks.filter((looked) => looked === key).length);
    },
  };
  return { deps: { files: reader, library, clock }, looks };
}

const file = (...names: string[]) => ({ provider: 'local', names });

test('each file, format and logo of the library is looked at, whatever the number of pages', async () => {
  const many = Array.from({ length: 1200 }, (_, at) => file(`a${at}.jpg`, `small_a${at}.jpg`));
  const { deps, looks } = world(many, { logos: ['logo.png'], isReadable: (key) => key !== 'small_a1199.jpg' && key !== 'logo.png' });
  expect(await unreadableFiles(deps)).toEqual({ keys: ['logo.png', 'small_a1199.jpg'], isComplete: true });
  expect(new Set(looks).size).toBe(2401);
});

test('files of another provider, and names that the plugin never stores, are not looked at', async () => {
  const { deps, looks } = world([{ provider: 'aws-s3', names: ['theirs.jpg'] }, file('../odd.jpg')]);
  expect(await unreadableFiles(deps)).toEqual({ keys: [], isComplete: true });
  expect(looks).toEqual([]);
});

test('a file that can be read at a further look is no longer listed', async () => {
  const { deps } = world([file('a.jpg'), file('b.jpg')], { isReadable: (key, look) => key === 'a.jpg' && look === 3 });
  expect((await unreadableFiles(deps)).keys).toEqual(['b.jpg']);
});

test('the looks end after five minutes, and the answer says that it is not complete', async () => {
  const { deps } = world(Array.from({ length: 1000 }, (_, at) => file(`a${at}.jpg`)), { lookMs: 1_000 });
  const { keys, isComplete } = await unreadableFiles(deps);
  expect(isComplete).toBe(false);
  expect(keys.length).toBeGreaterThan(290);
  expect(keys.length).toBeLessThan(330);
});

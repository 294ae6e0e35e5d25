import { Readable } from 'node:stream';
import { wrapProvider, type UploadProvider } from '../../server/src/adapters/upload-provider';
import type { UploadFile } from '../../server/src/adapters/upload-file';
import { mediaWorld, type MediaWorld } from '../support/media-world';

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

const streamed = (text: string, hash = 'a') => ({ hash, ext: '.txt', mime: 'text/plain', stream: Readable.from([Buffer.from(text)]) }) as unknown as UploadFile;
const whole = (text: string, hash = 'a') => ({ hash, ext: '.txt', mime: 'text/plain', buffer: Buffer.from(text) }) as unknown as UploadFile;

// Strapi prefers the methods for streams; other plugins and older versions call the plain ones
test.each([
  ['upload', 'replace', whole],
  ['upload', 'replace', streamed],
  ['uploadStream', 'replaceStream', streamed],
] as const)('%s and %s store the bytes and never reach the disk', async (write, replace, file) => {
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

test('a replace under another name takes the old one away', async () => {
  await provider.upload(whole('one'));
  await provider.replace(whole('two', 'b'), whole('one'));
  expect(await world.read('b.txt')).toBe('two');
  expect((await world.ledger.find(world.key('a.txt')))?.tombstone).toBeTruthy();
});

import { Readable } from 'node:stream';
import { collected } from '../../../server/src/core/store/collected';

test.each([[[]], [['one']], [['one', 'two', 'three']]])('all bytes of a body are collected: %j', async (parts) => {
  expect((await collected(Readable.from(parts.map((part) => Buffer.from(part)), { objectMode: false }))).toString()).toBe(parts.join(''));
});

test('a body that fails, or that somebody closes, is not taken for a whole one', async () => {
  const failing = new Readable({ read: () => undefined });
  failing.push('half');
  setImmediate(() => failing.destroy(new Error('broken')));
  await expect(collected(failing)).rejects.toThrow('broken');

  const closed = new Readable({ read: () => undefined });
  closed.push('half');
  setImmediate(() => closed.destroy());
  await expect(collected(closed)).rejects.toThrow('closed before its end');
});

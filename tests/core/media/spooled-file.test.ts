import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { SpooledFile } from '../../../server/src/core/media/spooled-file';
import { SPOOL_PREFIX } from '../../../server/src/core/store/local/temporary-files';

const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith(SPOOL_PREFIX)).sort();

async function* pieces(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

async function textOf(bytes: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const piece of bytes) text += piece.toString();
  return text;
}

test('a spooled file gives its bytes back, and no file with a name is left while it does', async () => {
  const before = folders();
  const file = await SpooledFile.of(pieces('one, ', 'two'));
  expect(folders()).toEqual(before);
  const reading = file.read();
  const first = (await reading.next()).value as Buffer;
  // a file that somebody reads goes at the end
  await file.discard();
  expect(first.toString() + (await textOf(reading))).toBe('one, two');
});

test('a source that fails leaves nothing behind', async () => {
  const before = folders();
  const failing = async function* () {
    yield Buffer.from('one');
    throw new Error('broken');
  };
  await expect(SpooledFile.of(failing())).rejects.toThrow('broken');
  expect(folders()).toEqual(before);
});

test('a file that nobody reads can be discarded', async () => {
  const file = await SpooledFile.of(pieces('one'));
  await file.discard();
  await expect(textOf(file.read())).rejects.toThrow();
});

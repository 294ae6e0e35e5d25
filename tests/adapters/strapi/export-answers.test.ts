import { ExportAnswers } from '../../../server/src/adapters/strapi/export-answers';
import type { ExportedFiles } from '../../../server/src/adapters/strapi/exported-files';
import type { ObjectKey } from '../../../server/src/core/keys';

const MB = 1024 * 1024;
const KEY = 'a.bin' as ObjectKey;

/** Answers for files of 20 MB each; `failing` keys cannot be read. The clock moves only while somebody sleeps. */
function answersOf(failing: ReadonlySet<string> = new Set()) {
  let now = 0;
  const discarded: string[] = [];
  const clock = {
    elapsed: () => now,
    sleep: async (ms: number) => {
      now += ms;
      await new Promise(setImmediate);
    },
  };
  const find = async (key: ObjectKey) => {
    if (failing.has(key)) throw new Error(`no ${key}`);
    const read = async function* () {
      for (let at = 0; at < 20; at++) yield Buffer.alloc(MB);
    };
    return { size: 20 * MB, mime: null, read, discard: async () => void discarded.push(key) };
  };
  const answers = new ExportAnswers(async () => ({ find }) as unknown as ExportedFiles, clock);
  let count = 0;
  /** Asks twice, as Strapi does. */
  const body = async (key: ObjectKey = KEY) => {
    const address = `address ${++count}`;
    await answers.answer(address, key);
    return (await answers.answer(address, key)).body!.getReader();
  };
  const readAll = async (reader: Awaited<ReturnType<typeof body>>) => {
    while (!(await reader.read()).done);
  };
  return { answers, body, readAll, discarded, now: () => now };
}

test('a further file is read only when at most 32 MB of the former ones are unread', async () => {
  const { body, readAll } = answersOf();
  const [first, second] = [await body(), await body()];
  for (const reader of [first, second]) await reader.read();
  let isThere = false;
  const third = body().then((reader) => {
    isThere = true;
    return reader;
  });
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(isThere).toBe(false);
  await readAll(first);
  await readAll(await third);
});

test('a reader that has gone keeps nobody waiting for longer than ten seconds', async () => {
  const { body, now } = answersOf();
  for (const reader of [await body(), await body()]) await reader.read();
  await body();
  expect(now()).toBeGreaterThan(10_000);
  expect(now()).toBeLessThan(11_000);
});

test('a failure comes when Strapi has read what it was given, and has had the time to write it', async () => {
  const { answers, body, readAll, now } = answersOf(new Set(['lost.bin']));
  const reader = await body();
  await reader.read();
  let failedAt: number | undefined;
  const failure = answers.answer('lost', 'lost.bin' as ObjectKey).catch(() => void (failedAt = now()));
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(failedAt).toBeUndefined();
  await readAll(reader);
  const read = now();
  await failure;
  expect(failedAt! - read).toBeGreaterThanOrEqual(1_900);
});

test('files whose bytes nobody asks for are let go', async () => {
  const { answers, discarded } = answersOf();
  for (const key of ['a', 'b', 'c', 'd']) await answers.answer(key, key as ObjectKey);
  expect(discarded).toEqual(['a', 'b']);
  answers.clear();
  expect(discarded).toEqual(['a', 'b', 'c', 'd']);
});

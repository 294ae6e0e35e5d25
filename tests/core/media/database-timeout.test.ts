import { StorageError } from '../../../server/src/core/errors';
import { DatabaseTimeout } from '../../../server/src/core/media/database-timeout';

function setup() {
  let now = 0;
  const waits = new Set<{ at: number; wake: () => void }>();
  const clock = {
    elapsed: () => now,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const wait = { at: now + ms, wake: resolve };
        waits.add(wait);
        signal?.addEventListener('abort', () => waits.delete(wait) && reject(signal.reason as Error));
      }),
  };
  const asked = jest.fn();
  const answers: ((value: string) => void)[] = [];
  const timeout = new DatabaseTimeout(clock, 5_000);
  return {
    asked,
    answers,
    waits,
    /** Asks a visitor's question. @returns the outcome as a text */
    ask: (question?: () => Promise<string>) =>
      timeout
        .ask(question ?? (() => (asked(), new Promise<string>((resolve) => answers.push(resolve)))))
        .catch((error: unknown) => (error instanceof StorageError ? error.code : String(error))),
    async tick(ms: number) {
      now += ms;
      for (let wait; (wait = [...waits].find(({ at }) => at <= now)); ) {
        waits.delete(wait);
        wait.wake();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test('an answer of the database in time is passed on and leaves no timer behind, and an error is passed on as well', async () => {
  const { ask, answers, waits } = setup();
  const answer = ask();
  answers[0]!('row');
  expect(await answer).toBe('row');
  expect(waits.size).toBe(0);
  expect(await ask(() => Promise.reject(new Error('refused')))).toBe('Error: refused');
});

test('a silent database makes only the first visitor wait, for 5 seconds, and is asked once a second', async () => {
  const { ask, asked, tick } = setup();
  const first = ask();
  await tick(5_000);
  expect(await first).toBe('UNAVAILABLE');
  for (let visitor = 0; visitor < 100; visitor++) expect(await ask()).toBe('UNAVAILABLE');
  expect(asked).toHaveBeenCalledTimes(1);
  await tick(1_000);
  void ask();
  expect(await ask()).toBe('UNAVAILABLE');
  expect(asked).toHaveBeenCalledTimes(2);
});

test('after a late answer every question goes to the database again', async () => {
  const { ask, asked, answers, tick } = setup();
  const first = ask();
  await tick(5_000);
  expect(await first).toBe('UNAVAILABLE');
  answers[0]!('late');
  await tick(0);
  const [one, another] = [ask(), ask()];
  expect(asked).toHaveBeenCalledTimes(3);
  answers.forEach((answer) => answer('row'));
  expect(await Promise.all([one, another])).toEqual(['row', 'row']);
});

test('an answer that arrived while the process was held up counts, although the timer fires first', async () => {
  const { ask, answers, waits, tick } = setup();
  const first = ask();
  // the process sees the timer first and then the answer
  const [wait] = waits;
  waits.delete(wait!);
  wait!.wake();
  answers[0]!('row');
  await tick(0);
  expect(await first).toBe('row');
});

test('an error of the database is no sign that it is back: the next visitor gets UNAVAILABLE at once', async () => {
  const { ask, asked, tick } = setup();
  void ask();
  await tick(5_000);
  await tick(1_000);
  expect(await ask(() => Promise.reject(new Error('no connection is free')))).toBe('Error: no connection is free');
  expect(await ask()).toBe('UNAVAILABLE');
  expect(asked).toHaveBeenCalledTimes(1);
});

import { abandonable } from '../../server/src/core/abandonable';

test('abandonable gives the outcome, or rejects at the abort at once and hands a late outcome to its callback', async () => {
  const stop = new AbortController();
  const late: string[] = [];
  let answer: (text: string) => void = () => undefined;
  const slow = new Promise<string>((resolve) => (answer = resolve));
  const waiting = abandonable(slow, stop.signal, (text) => late.push(text));
  stop.abort('given up');
  await expect(waiting).rejects.toBe('given up');
  answer('too late');
  await slow;
  expect(late).toEqual(['too late']);
  expect(await abandonable(Promise.resolve('in time'), new AbortController().signal, (text) => late.push(text))).toBe('in time');
  expect(late).toHaveLength(1);
  await expect(abandonable(Promise.reject(new Error('broken')), stop.signal)).rejects.toBe('given up');
});

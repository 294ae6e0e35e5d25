import { strapiLog } from '../../../server/src/adapters/strapi/log';
import { described } from '../../../server/src/core/errors';
import { Redactor } from '../../../server/src/core/settings/redactor';

const lines: string[] = [];
const write = (message: string) => void lines.push(message);
const redactor = new Redactor();
redactor.learn('hunter2-secret');
const log = strapiLog({ log: { debug: write, info: write, warn: write, error: write } } as never, redactor);
beforeEach(() => (lines.length = 0));

test('line breaks and invisible characters in a message are replaced, so that nobody can forge a line', () => {
  log.warn('"a\r\n[s3-storage] all is well\u2028\u202egnp.exe" is gone');
  expect(lines).toEqual(['[s3-storage] "a��[s3-storage] all is well��gnp.exe" is gone']);
});

test('a line for developers is not even put together where the log does not show it', () => {
  const clean = jest.spyOn(redactor, 'clean');
  const quiet = strapiLog({ log: { debug: write, isLevelEnabled: (level: string) => level !== 'debug' } } as never, redactor);
  quiet.debug('S3 get: done after 12 ms');
  expect({ lines, cleaned: clean.mock.calls.length }).toEqual({ lines: [], cleaned: 0 });
  log.debug('S3 get: done after 12 ms');
  expect(lines).toEqual(['[s3-storage] S3 get: done after 12 ms']);
  clean.mockRestore();
});

test('a log entry is cut at a limit, and its secrets are replaced', () => {
  log.error(`key hunter2-secret ${'x'.repeat(5_000)}`);
  expect(lines[0]).toMatch(/^\[s3-storage\] key \[redacted\] x+…$/);
  expect(lines[0]?.length).toBeLessThan(2_100);
});

test('a secret that was just replaced stays out of the log, and so does the one that replaced it', () => {
  redactor.learn('newer-secret');
  log.warn('signed with hunter2-secret, then with newer-secret');
  expect(lines).toEqual(['[s3-storage] signed with [redacted], then with [redacted]']);
});

test('an unexpected error is logged with its message in one line and its stack below', () => {
  const error = new Error(`secretAccessKey: "hunter2-secret"\n    at forged (file.js:1:1)\n${'x'.repeat(5_000)}`);
  log.error(`PUT /settings failed: ${described(error)}`);
  const [first = '', ...frames] = (lines[0] ?? '').split('\n');
  expect(first).toMatch(/^\[s3-storage\] PUT \/settings failed: Error: secretAccessKey: "\[redacted\]"� {4}at forged/);
  expect(first.length).toBeLessThan(1_200);
  expect(frames.length).toBeGreaterThan(0);
  expect(frames.every((frame) => /^ {4}at /.test(frame))).toBe(true);
  expect(frames.join()).toContain('log.test');
  expect(described('thrown\ntext')).toBe('thrown�text');
});

import type { Core } from '@strapi/strapi';
import { StorageError } from '../../server/src/core/errors';
import { Engine } from '../../server/src/engine/engine';
import { EngineHost } from '../../server/src/plugin/host';

const warnings: string[] = [];
const strapi = { log: { error: () => undefined, warn: (line: string) => warnings.push(line) } } as unknown as Core.Strapi;

let start: jest.SpyInstance;
beforeEach(() => {
  warnings.length = 0;
  start = jest.spyOn(Engine, 'start').mockRejectedValue(new Error('the disk is away'));
});
afterEach(() => jest.restoreAllMocks());

function host() {
  const time = { elapsed: 100 };
  return { time, host: new EngineHost(strapi, () => time.elapsed) };
}

test('a failed start is repeated after five seconds, although somebody sets the clock on the wall back', async () => {
  const { time, host: tried } = host();
  const failed = () => expect(tried.start()).rejects.toThrow('the disk is away');
  await failed();
  time.elapsed += 5_000;
  await failed();
  expect(start).toHaveBeenCalledTimes(1);
  // somebody sets the clock on the wall back
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() - 3600_000);
  time.elapsed += 1;
  await failed();
  expect(start).toHaveBeenCalledTimes(2);
});

test('a visitor before the start gets NOT_STARTED, and look-ups that fail are logged once a minute', async () => {
  const { time, host: tried } = host();
  await expect(tried.reader()).rejects.toMatchObject({ code: 'NOT_STARTED' });
  tried.tellUnreachable(new StorageError('NOT_STARTED'));
  expect(warnings).toEqual([]);
  for (let visitor = 0; visitor < 10; visitor++) tried.tellUnreachable(new Error('connect ECONNREFUSED'));
  expect(warnings).toEqual([expect.stringMatching(/could not be looked up.*ECONNREFUSED/s)]);
  time.elapsed += 60_000;
  tried.tellUnreachable(new Error('connect ECONNREFUSED'));
  expect(warnings).toHaveLength(2);
});

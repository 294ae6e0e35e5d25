import fc from 'fast-check';
import { StorageError } from '../../../../server/src/core/errors';
import type { ErrorCode } from '../../../../server/src/contracts/errors';
import { HeldBody } from '../../../../server/src/core/store/held-body';
import { CircuitBreaker } from '../../../../server/src/core/store/resilience/breaker';
import { FakeClock } from '../../../support/fake-clock';

let clock: FakeClock;
let breaker: CircuitBreaker;
let kinds: string[];
beforeEach(() => {
  clock = new FakeClock(0, [0.999_999_9]); // the longest waits
  breaker = new CircuitBreaker(clock);
  kinds = [];
  breaker.onChange((now) => kinds.push(now.kind));
});
afterEach(() => breaker.stop());

const failWith = (code: ErrorCode, status?: number, ms = 0) =>
  breaker
    .run('put', 'name', async () => {
      if (ms) await Promise.all([clock.sleep(ms), clock.advance(ms)]);
      throw new StorageError(code, { status });
    })
    .then(
      () => 'resolved',
      (error: unknown) => (error as StorageError).code,
    );
const succeed = () => breaker.run('put', 'name', async () => 'done');
async function open(): Promise<void> {
  for (let time = 0; time < 3; time += 1) await failWith('UNREACHABLE');
}

test('three failures of the endpoint in a row open the breaker, whatever their kind', async () => {
  await failWith('UNREACHABLE');
  await failWith('TIMEOUT');
  expect(breaker.state.kind).toBe('closed');
  await failWith('SERVER_ERROR', 500);
  expect(breaker.state.kind).toBe('open');
  expect(kinds).toEqual(['open']);
});

test('an open breaker refuses a request at once, without a call, and names the failure that opened it', async () => {
  await open();
  const call = jest.fn();
  await expect(breaker.run('get', 'name', call)).rejects.toMatchObject({
    code: 'CIRCUIT_OPEN',
    operation: 'get',
    subject: 'name',
    refused: true,
    cause: { code: 'UNREACHABLE' },
  });
  expect(call).not.toHaveBeenCalled();
});

test('a success or a definite answer between failures begins the count anew', async () => {
  for (const between of [succeed, () => failWith('OBJECT_NOT_FOUND', 404), () => failWith('ACCESS_DENIED', 403)]) {
    await failWith('UNREACHABLE');
    await failWith('UNREACHABLE');
    await between();
  }
  expect(breaker.state).toEqual({ kind: 'closed', failures: 0, lostMs: 0 });
});

test('THROTTLED, ABORTED, BODY_FAILED and NOT_S3 neither count as failures nor begin the count anew', async () => {
  await failWith('UNREACHABLE');
  await failWith('UNREACHABLE');
  for (const code of ['THROTTLED', 'ABORTED', 'BODY_FAILED', 'NOT_S3'] as const) await failWith(code, code === 'THROTTLED' ? 503 : undefined);
  expect(breaker.state).toMatchObject({ kind: 'closed', failures: 2 });
});

test('one timeout after a long wait opens the breaker, so that the next upload does not wait as well', async () => {
  await failWith('TIMEOUT', undefined, 4_500);
  expect(breaker.state.kind).toBe('open');
});

test('a long upload that breaks off is one failure, however long it took', async () => {
  await failWith('UNREACHABLE', undefined, 60_000);
  expect(breaker.state).toMatchObject({ kind: 'closed', failures: 1 });
});

test('a half-open breaker refuses requests, and a probe that succeeds closes it', async () => {
  let answer!: () => void;
  let asked = 0;
  breaker.probeWith(() => ((asked += 1) === 1 ? Promise.reject(new StorageError('UNREACHABLE')) : new Promise((resolve) => (answer = resolve))));
  await open();
  await clock.advance(999);
  expect(breaker.state.kind).toBe('open');
  await clock.advance(1);
  expect(breaker.state.kind).toBe('half-open');
  expect(await failWith('UNREACHABLE')).toBe('CIRCUIT_OPEN');
  answer();
  await clock.advance(0);
  expect(breaker.state.kind).toBe('closed');
  expect(await succeed()).toBe('done');
  expect(kinds).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
});

test('a request that began before the breaker opened does not close it by its success', async () => {
  let answer!: () => void;
  const early = breaker.run('put', 'name', () => new Promise<void>((resolve) => (answer = resolve)));
  await open();
  answer();
  await early;
  expect(breaker.state.kind).toBe('open');
});

test('each probe that fails doubles the wait for the next one, up to 30 seconds', async () => {
  let probes = 0;
  breaker.probeWith(async () => {
    probes += 1;
    throw new StorageError('UNREACHABLE');
  });
  await open();
  for (let time = 0; time < 8; time += 1) await clock.advance(30_000);
  expect(clock.sleeps.slice(0, 7).map(Math.round)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(probes).toBeGreaterThan(7);
  expect(breaker.state).toMatchObject({ kind: 'open', since: 0 });
});

test.each([
  ['fails', 'open'],
  ['succeeds', 'closed'],
] as const)('the breaker closes when S3 is back, though requests opened it while a probe was under way that %s', async (end, kind) => {
  let isDown = true;
  const waiting: (() => void)[] = [];
  breaker.probeWith(async () => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    if (isDown) throw new StorageError('UNREACHABLE');
  });
  const upload = breaker.runPut('name', HeldBody.of(Buffer.from('bytes')), () => Promise.reject(new StorageError('UNREACHABLE')));
  await expect(upload).rejects.toMatchObject({ code: 'UNREACHABLE' });
  expect(waiting).toHaveLength(1);
  await open();
  expect(breaker.state).toMatchObject({ kind: 'open', probes: 0 });
  isDown = end === 'fails';
  waiting.pop()?.();
  await clock.advance(0);
  expect(breaker.state.kind).toBe(kind);
  isDown = false;
  await clock.advance(1_000);
  waiting.pop()?.();
  await clock.advance(0);
  expect(breaker.state.kind).toBe('closed');
});

test('the breaker closes when S3 is back, whatever requests and probes have failed in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('get', 'put', 'probe fails', 'probe succeeds', 'second', 'force'), { maxLength: 30 }), async (steps) => {
      const time = new FakeClock(0, [0.5]);
      const some = new CircuitBreaker(time);
      const probes: ((isDown: boolean) => void)[] = [];
      some.probeWith(() => new Promise((resolve, reject) => probes.push((isDown) => (isDown ? reject(new StorageError('UNREACHABLE')) : resolve()))));
      const fails = () => Promise.reject(new StorageError('UNREACHABLE'));
      for (const [index, step] of steps.entries()) {
        if (step === 'get') void some.run('get', 'name', fails).catch(() => undefined);
        else if (step === 'put') void some.runPut('name', HeldBody.of(Buffer.from(`${index}`)), fails).catch(() => undefined);
        else if (step === 'force') void some.forceProbe();
        else if (step !== 'second') probes.shift()?.(step === 'probe fails');
        await time.advance(step === 'second' ? 1_000 : 0);
      }
      for (let times = 0; times < 5; times++) {
        probes.shift()?.(false);
        await time.advance(30_000);
      }
      some.stop();
      expect(some.state.kind).toBe('closed');
    }),
    { numRuns: 300 },
  );
});

test('jitter spreads the probes over the second half of the wait', async () => {
  const early = new FakeClock(0, [0]);
  const other = new CircuitBreaker(early);
  other.probeWith(() => Promise.reject(new StorageError('UNREACHABLE')));
  for (let time = 0; time < 3; time += 1) await other.run('get', 'x', () => Promise.reject(new StorageError('UNREACHABLE'))).catch(() => undefined);
  await early.advance(0);
  expect(early.sleeps).toEqual([500]);
  other.stop();
});

test.each([
  ['OBJECT_NOT_FOUND', 404, 'closed'],
  ['ACCESS_DENIED', 403, 'closed'],
  ['THROTTLED', 503, 'open'],
  ['SERVER_ERROR', 500, 'open'],
  ['NOT_S3', 200, 'open'],
] as const)('a probe that ends with %s (status %d) leaves the breaker %s', async (code, status, kind) => {
  breaker.probeWith(() => Promise.reject(new StorageError(code, { status })));
  await open();
  await clock.advance(1_000);
  expect(breaker.state.kind).toBe(kind);
});

test('a probe can be forced while the breaker is open, and two forced at once are one probe', async () => {
  let probes = 0;
  breaker.probeWith(async () => void (probes += 1));
  await breaker.forceProbe();
  expect(probes).toBe(0); // closed: nothing to learn
  await open();
  await Promise.all([breaker.forceProbe(), breaker.forceProbe()]);
  expect(probes).toBe(1);
  expect(breaker.state.kind).toBe('closed');
  await clock.advance(60_000);
  expect(probes).toBe(1);
});

test('a probe that is registered after the breaker opened is run', async () => {
  await open();
  breaker.probeWith(async () => undefined);
  await clock.advance(1_000);
  expect(breaker.state.kind).toBe('closed');
});

test('a stopped breaker aborts the probe that runs, begins no other one, and leaves nothing waiting', async () => {
  const seen: AbortSignal[] = [];
  breaker.probeWith((signal) => {
    seen.push(signal);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  });
  await open();
  await clock.advance(1_000);
  breaker.stop();
  await clock.advance(60_000);
  expect(seen).toHaveLength(1);
  expect(breaker.state.kind).toBe('open');
  expect(clock.sleeping).toBe(0);
});

test('a listener that was removed hears nothing', async () => {
  const heard: string[] = [];
  const remove = breaker.onChange((now) => heard.push(now.kind));
  remove();
  await open();
  expect(heard).toEqual([]);
});

test('the breaker knows when S3 last asked to slow down, in a request or an upload', async () => {
  expect(breaker.throttledAt).toBe(-Infinity);
  await clock.advance(1_000);
  await failWith('THROTTLED', 503);
  expect(breaker.throttledAt).toBe(clock.elapsed());
  breaker.probeWith(async () => undefined);
  await clock.advance(1_000);
  await breaker.runPut('name', HeldBody.of(Buffer.from('bytes')), () => Promise.reject(new StorageError('THROTTLED', { status: 503 }))).catch(() => undefined);
  expect(breaker.throttledAt).toBe(clock.elapsed());
  await clock.advance(1_000);
  await failWith('SERVER_ERROR', 500);
  expect(breaker.throttledAt).toBe(clock.elapsed() - 1_000);
});

import { LeaseHolder } from '../../../server/src/core/leases/lease-holder';
import { MemoryLeases } from '../../../server/src/core/memory/leases';
import { FakeClock } from '../../support/fake-clock';

const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const MINUTE = 60_000;

function setup() {
  const clock = new FakeClock();
  const leases = new MemoryLeases(clock);
  const holder = (name: string) => new LeaseHolder(leases, name, clock, log);
  let end: () => void = quiet;
  const work = jest.fn(() => new Promise<void>((resolve) => (end = resolve)));
  return { clock, leases, holder, work, end: () => end() };
}

test('a lease lets one process work at a time, however long that takes, and the next one when it has ended', async () => {
  const { clock, holder, work, end } = setup();
  const [one, other] = [holder('one'), holder('other')];
  const working = one.during('cleaning', work);
  for (let minutes = 0; minutes < 3; minutes++) {
    await clock.advance(MINUTE);
    expect(await other.during('cleaning', work)).toBe(false);
  }
  expect(work).toHaveBeenCalledTimes(1);
  end();
  expect(await working).toBe(true);
  const next = other.during('cleaning', work);
  await clock.advance(0);
  end();
  expect(await next).toBe(true);
  expect(clock.sleeping).toBe(0);
});

test('a process that holds a lease does not begin a second work under it', async () => {
  const { clock, holder, work, end } = setup();
  const one = holder('one');
  const working = one.during('cleaning', work);
  const second = jest.fn(async () => undefined);
  expect([await one.during('cleaning', second), second.mock.calls.length]).toEqual([false, 0]);
  await clock.advance(0);
  expect(await holder('other').during('cleaning', second)).toBe(false);
  end();
  await working;
  expect([await one.during('cleaning', second), second.mock.calls.length]).toEqual([true, 1]);
});

test('a lease that could not be renewed once is renewed the next time', async () => {
  const { clock, leases, holder, work, end } = setup();
  const working = holder('one').during('cleaning', work);
  await clock.advance(0);
  jest.spyOn(leases, 'acquire').mockRejectedValueOnce(new Error('no database'));
  for (let times = 0; times < 6; times++) await clock.advance(20_000);
  expect(await holder('other').during('cleaning', async () => undefined)).toBe(false);
  end();
  await working;
});

test('each work has a lease of its own', async () => {
  const { clock, holder, work, end } = setup();
  const working = holder('one').during('cleaning', work);
  await clock.advance(0);
  expect(await holder('other').during('recount', async () => undefined)).toBe(true);
  end();
  await working;
});

test('work that fails gives its lease back, and passes its error on', async () => {
  const { clock, holder } = setup();
  await expect(holder('one').during('cleaning', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(clock.sleeping).toBe(0);
  expect(await holder('other').during('cleaning', async () => undefined)).toBe(true);
});

test('the work of a process that was killed is taken over a minute later', async () => {
  const { clock, leases, holder } = setup();
  await leases.acquire('cleaning', 'killed', MINUTE);
  expect(await holder('other').during('cleaning', async () => undefined)).toBe(false);
  await clock.advance(MINUTE);
  expect(await holder('other').during('cleaning', async () => undefined)).toBe(true);
});

test('work goes on although its lease cannot be renewed', async () => {
  const { clock, leases, holder, work, end } = setup();
  const working = holder('one').during('cleaning', work);
  await clock.advance(0);
  const acquire = jest.spyOn(leases, 'acquire').mockRejectedValue(new Error('no database'));
  await clock.advance(MINUTE);
  expect(acquire).toHaveBeenCalled();
  end();
  expect(await working).toBe(true);
});

import { LeaseHolder } from '../../../server/src/core/leases/lease-holder';
import { MemoryLeases } from '../../../server/src/core/memory/leases';
import { TallyKeeping } from '../../../server/src/core/upkeep/tally-keeping';
import { MemoryLedger } from '../../../server/src/core/memory/ledger';
import { FakeClock } from '../../support/fake-clock';

const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

function setup() {
  const clock = new FakeClock();
  const leases = new MemoryLeases(clock);
  const ledger = new MemoryLedger(clock);
  const fold = jest.spyOn(ledger, 'foldTallies');
  const recount = jest.spyOn(ledger, 'recount');
  const keeping = new TallyKeeping({ ledger, clock, log }, new LeaseHolder(leases, 'this', clock, log));
  /** Runs it each minute, as its worker does. @returns the number of recounts */
  const live = async (ms: number) => {
    recount.mockClear();
    for (let lived = 0; lived < ms; lived += MINUTE) {
      await keeping.run();
      await clock.advance(MINUTE);
    }
    return recount.mock.calls.length;
  };
  return { leases, fold, recount, live };
}

test('rows are recounted 10 minutes after the start and then once a day, and tallies are folded every minute', async () => {
  const { fold, live } = setup();
  expect(await live(10 * MINUTE)).toBe(0);
  expect(fold).toHaveBeenCalledTimes(10);
  expect(await live(MINUTE)).toBe(1);
  expect(await live(DAY - MINUTE)).toBe(0);
  expect(await live(2 * MINUTE)).toBe(1);
});

test('a process leaves a recount to the process that has the lease, and recounts again a day later', async () => {
  const { leases, live } = setup();
  await leases.acquire('recount', 'another', 11 * MINUTE);
  expect(await live(DAY)).toBe(0);
  expect(await live(11 * MINUTE)).toBe(1);
});

test('a recount that comes to nothing, or fails, is repeated after 10 minutes', async () => {
  const { recount, live } = setup();
  recount.mockResolvedValueOnce(false);
  expect(await live(11 * MINUTE)).toBe(1);
  expect(await live(9 * MINUTE)).toBe(0);
  recount.mockRejectedValueOnce(new Error('no database'));
  await expect(live(MINUTE)).rejects.toThrow('no database');
  expect(await live(10 * MINUTE)).toBe(0);
  expect(await live(MINUTE)).toBe(1);
  expect(await live(DAY - MINUTE)).toBe(0);
});

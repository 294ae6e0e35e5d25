import { Watchdog } from '../../../../server/src/core/store/s3/watchdog';
import { FakeClock } from '../../../support/fake-clock';

/** A machine whose calendar somebody sets. The elapsed time stays as it is. */
class SetClock extends FakeClock {
  offset = 0;

  override now(): number {
    return super.now() + this.offset;
  }
}

test.each([
  ['back by an hour', -3_600_000],
  ['forward by an hour', 3_600_000],
])('a wait of the watchdog lasts as long as it says although the calendar is set %s', async (_what, offset) => {
  const clock = new SetClock();
  let bites = 0;
  const watchdog = new Watchdog(clock, () => void (bites += 1));
  watchdog.expect(200);
  await clock.advance(50);
  // the timer of the first wait serves the second one, too, and is set anew for the rest of that
  watchdog.expect(200);
  clock.offset = offset;
  await clock.advance(199);
  expect(bites).toBe(0);
  await clock.advance(1);
  expect(bites).toBe(1);
});

import { BUSY_MS, CALM_MS, Poller } from '../../admin/src/utils/poller';

/** A page with one timer, whose questions get their answers when the test says so. */
function stage() {
  const world = { hidden: false, timer: null as { callback: () => void; ms: number } | null, asked: 0, answer: null as ((busy: boolean) => void) | null };
  const poller = new Poller({
    ask: () =>
      new Promise((resolve) => {
        world.asked++;
        world.answer = resolve;
      }),
    hidden: () => world.hidden,
    setTimer: (callback, ms) => (world.timer = { callback, ms }),
    clearTimer: () => {
      world.timer = null;
    },
  });
  const answered = async (busy: boolean) => {
    world.answer?.(busy);
    await new Promise(setImmediate);
  };
  return { world, poller, answered };
}

test('the poller asks at once, then every 2 seconds while something runs, else every 10 seconds', async () => {
  const { world, poller, answered } = stage();
  void poller.now();
  expect(world.asked).toBe(1);
  await answered(true);
  expect(world.timer?.ms).toBe(BUSY_MS);
  world.timer?.callback();
  expect(world.asked).toBe(2);
  await answered(false);
  expect(world.timer?.ms).toBe(CALM_MS);
  expect([BUSY_MS, CALM_MS]).toEqual([2_000, 10_000]);
});

test('a server that is slow to answer is not asked twice at once, but once more after its answer', async () => {
  const { world, poller, answered } = stage();
  void poller.now();
  expect(world.timer).toBeNull();
  void poller.now();
  void poller.now();
  expect(world.asked).toBe(1);
  await answered(true);
  expect(world.asked).toBe(2);
  expect(world.timer).toBeNull();
  await answered(true);
  expect(world.asked).toBe(2);
  expect(world.timer?.ms).toBe(BUSY_MS);
});

test('the poller stops while the page is hidden, and asks at once when it is shown again', async () => {
  const { world, poller, answered } = stage();
  void poller.now();
  await answered(true);
  world.hidden = true;
  poller.visibilityChanged();
  expect(world.timer).toBeNull();
  void poller.now();
  expect(world.asked).toBe(1);
  world.hidden = false;
  poller.visibilityChanged();
  expect(world.asked).toBe(2);
});

test('an answer that comes while the page is hidden sets no timer', async () => {
  const { world, poller, answered } = stage();
  void poller.now();
  world.hidden = true;
  poller.visibilityChanged();
  await answered(true);
  expect(world.timer).toBeNull();
});

test('a poller that has ended asks no more, even if an answer is still on its way', async () => {
  const { world, poller, answered } = stage();
  void poller.now();
  poller.end();
  await answered(true);
  expect(world.timer).toBeNull();
  void poller.now();
  poller.visibilityChanged();
  expect(world.asked).toBe(1);
});

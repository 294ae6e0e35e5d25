import { UNLIMITED, NO_INVENTORY } from '../../../server/src/core/ledger/inventories';
import { parseKey, plainLocalName, type VolumeId } from '../../../server/src/core/keys';
import { MemoryLedger } from '../../../server/src/core/memory/ledger';
import { LibraryCounter, type LibraryItems } from '../../../server/src/core/admin/library-counter';
import { FakeClock, settle } from '../../support/fake-clock';

const volume = 'disk' as VolumeId;

/** A library of items, and a ledger that records those that `take` names. */
function world(names: string[]) {
  const clock = new FakeClock();
  const ledger = new MemoryLedger(clock);
  const inventory = { ...NO_INVENTORY };
  const pages: number[] = [];
  const items: LibraryItems = {
    count: async () => names.length,
    page: async (after, limit) => {
      pages.push(after);
      return names.map((name, index) => ({ id: index + 1, name })).slice(after, after + limit);
    },
  };
  const libraryCounter = new LibraryCounter({ items, ledger, inventories: { of: async () => inventory }, volume: { id: volume }, clock });
  const take = (...taken: string[]) =>
    ledger.record(taken.map(parseKey).map((key) => ({ key, local: { volume, localName: plainLocalName(key) }, size: 1 })));
  return { libraryCounter, clock, inventory, items, pages, take };
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `photo_${index}.jpg`);

test('the counter counts the library items that the ledger does not know before any job has run', async () => {
  const { libraryCounter, take } = world(numbered(1_200));
  await take('photo_3.jpg', 'photo_700.jpg');
  expect(await libraryCounter.look()).toEqual({ items: 1_200, untaken: 1_198 });
});

test('the counter does not count an unusable name among the items that are still to be moved', async () => {
  const { libraryCounter } = world(['photo_1.jpg', '../escape.jpg']);
  expect(await libraryCounter.look()).toEqual({ items: 2, untaken: 1 });
});

test('the counter reads no page of the library once an inventory of the whole library has ended', async () => {
  const { libraryCounter, inventory, pages } = world(numbered(3));
  Object.assign(inventory, { completedTo: 2 });
  expect(await libraryCounter.look()).toEqual({ items: 3, untaken: 3 });
  Object.assign(inventory, { completedTo: UNLIMITED });
  pages.length = 0;
  expect(await libraryCounter.look()).toEqual({ items: 3, untaken: 0 });
  expect(pages).toEqual([]);
});

test('the counter gives its last count again at first, and counts anew after two seconds', async () => {
  const { libraryCounter, clock, take } = world(numbered(2));
  expect(await libraryCounter.look()).toEqual({ items: 2, untaken: 2 });
  await take('photo_0.jpg');
  expect(await libraryCounter.look()).toEqual({ items: 2, untaken: 2 });
  await clock.advance(2_000);
  expect(await libraryCounter.look()).toEqual({ items: 2, untaken: 1 });
});

test('the counter answers without the number when the count takes a second, and has it the next time', async () => {
  const { libraryCounter, clock, items } = world(numbered(2));
  const page = items.page;
  let go: () => void = () => undefined;
  items.page = async (...what) => {
    await new Promise<void>((resolve) => (go = resolve));
    return page(...what);
  };
  const first = libraryCounter.look();
  await settle();
  await clock.advance(1_000);
  expect(await first).toEqual({ items: 2, untaken: null });
  go();
  await settle();
  expect(await libraryCounter.look()).toEqual({ items: 2, untaken: 2 });
});

test('the counter answers null when the database fails', async () => {
  const { libraryCounter, items } = world(numbered(2));
  items.count = () => Promise.reject(new Error('gone'));
  expect(await libraryCounter.look()).toBeNull();
});

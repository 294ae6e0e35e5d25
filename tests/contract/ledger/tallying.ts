import fc from 'fast-check';
import { isOwnFailure } from '../../../server/src/core/errors';
import type { Tallies } from '../../../server/src/core/ledger/tallies';
import type { LedgerRow } from '../../../server/src/core/ledger/state';
import { DAY, found, key, MD5, sent, VOLUME, type Hand } from './harness';
import { commitCleanup, commitRestore } from '../../support/ledger-steps';

/** The tallies, counted from the rows. */
export function counted(rows: readonly LedgerRow[]): Tallies {
  const nothing = () => ({ count: 0, bytes: 0 });
  const tallies = {
    local: nothing(), both: nothing(), remote: nothing(), trash: nothing(), lost: nothing(), missing: nothing(),
    failed: nothing(), pendingUploads: nothing(), pendingLibrary: nothing(), keptByCopy: nothing(),
    failedOf: { local: 0, both: 0, remote: 0, missing: 0 },
  };
  const onlyOn = new Map<string, { count: number; bytes: number }>();
  for (const { placement, tombstone, lastError, origin } of rows) {
    if (placement.state === 'gone' || (placement.state === 'new' && (tombstone || !lastError))) continue;
    const lost = lastError === 'LOST' && placement.state !== 'new';
    const add = (sum: { count: number; bytes: number }) => {
      sum.count += 1;
      sum.bytes += placement.state === 'new' ? 0 : placement.content.size;
    };
    const hasFailed = isOwnFailure(lastError);
    if (hasFailed) add(tallies.failed);
    const where = placement.state === 'new' ? 'missing' : placement.state;
    add(tombstone ? tallies.trash : tallies[lost ? 'lost' : where]);
    if (hasFailed && !tombstone && !lost) tallies.failedOf[where] += 1;
    if (tombstone || lost || placement.state !== 'local') continue;
    if (origin === 'fallback') add(tallies.pendingUploads);
    if (origin === 'library') add(tallies.pendingLibrary);
    if (origin === 'read-only') add(tallies.keptByCopy);
    const { volume } = placement.local;
    add(onlyOn.get(volume) ?? onlyOn.set(volume, { count: 0, bytes: 0 }).get(volume)!);
  }
  return { ...tallies, onlyOn: [...onlyOn].map(([volume, sum]) => ({ volume: volume as never, ...sum })) };
}

const KEYS = ['a.png', 'b.png', 'c.png'];

/** The things that may happen to a key. One that does not fit the row's state does nothing. */
const HAPPENINGS: Readonly<Record<string, (hand: Hand, name: string) => Promise<unknown>>> = {
  put: (hand, name) => hand.put(name),
  'fall back': (hand, name) => hand.fallBack(name),
  begin: (hand, name) => hand.object(name, { found: found(name, 3) }),
  record: (hand, name) => hand.ledger.record([{ key: key(name), local: { volume: VOLUME, localName: name as never }, size: 4 }]),
  adopt: (hand, name) =>
    hand.ledger.adopt(key(name), { locationId: 1, object: name as never, etag: null }, { size: 5, md5: MD5, mime: null }),
  bury: (hand, name) => hand.ledger.bury(key(name), { purgeAfterMs: DAY, found: found(name, 6) }),
  'replace and drop': async (hand, name) => {
    const intent = await hand.object(name);
    await hand.ledger.publish([sent(intent)], { condemnObjects: true, tombstones: KEYS.slice(0, 2).map(key) });
  },
  purge: (hand, name) => onRow(hand, name, (row) => hand.ledger.purge(row, { referenced: false, condemnObjects: true })),
  keep: (hand, name) => onRow(hand, name, (row) => hand.ledger.purge(row, { referenced: true, condemnObjects: true })),
  upload: (hand, name) =>
    onRow(hand, name, async (row) => hand.commitUpload(row, await hand.object(name), { etag: null, md5: MD5 })),
  cleanup: (hand, name) => onRow(hand, name, (row) => commitCleanup(hand.ledger, row, { graceMs: 0 })),
  restore: (hand, name) => onRow(hand, name, async (row) => commitRestore(hand.ledger, row, await hand.file(name))),
  miss: (hand, name) => hand.ledger.recordMissing([key(name)], 'NOT_ON_DISK'),
  lose: (hand, name) => onRow(hand, name, (row) => hand.ledger.recordFailure(row, 'LOST', null)),
  match: (hand, name) => onRow(hand, name, (row) => hand.ledger.commitAdoption(row, { locationId: 1, object: name as never, etag: null }, MD5)),
  retry: (hand, name) => hand.ledger.retry([key(name)]),
  'retry all': (hand) => hand.ledger.retry('all'),
  unbury: (hand, name) => hand.ledger.unbury([key(name)]),
  fail: (hand, name) => onRow(hand, name, (row) => hand.ledger.recordFailure(row, 'TIMEOUT', 0)),
  claim: (hand) => hand.ledger.claim({ work: 'restore', limit: 2 }, DAY),
  fold: (hand) => hand.ledger.foldTallies(),
  recount: (hand) => hand.ledger.recount(),
};

export const aHistory = fc.array(fc.tuple(fc.constantFrom(...Object.keys(HAPPENINGS)), fc.constantFrom(...KEYS)), { maxLength: 30 });

export async function play(hand: Hand, history: readonly (readonly [string, string])[]): Promise<void> {
  for (const [what, name] of history) await HAPPENINGS[what]!(hand, name);
}

export async function rowsOf(hand: Hand): Promise<LedgerRow[]> {
  const rows = await Promise.all(KEYS.map((name) => hand.ledger.find(key(name))));
  return rows.filter((row) => row !== undefined);
}

async function onRow(hand: Hand, name: string, work: (row: LedgerRow) => Promise<unknown>): Promise<void> {
  const row = await hand.ledger.find(key(name));
  if (row) await work(row);
}

export function tallying(hand: Hand): void {
  it('are what a count of all rows gives after any history', async () => {
    await fc.assert(
      // each history goes on where the one before it has ended
      fc.asyncProperty(aHistory, async (history) => {
        await play(hand, history);
        expect(await hand.ledger.tallies()).toEqual(counted(await rowsOf(hand)));
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });

  it('stay right when they are folded and recounted several times at once, amid changes', async () => {
    const changes = Array.from({ length: 12 }, (_, index) => hand.put(KEYS[index % 3]!));
    await Promise.all([...changes, hand.ledger.foldTallies(), hand.ledger.recount(), hand.ledger.foldTallies(), hand.ledger.recount()]);
    expect(await hand.ledger.tallies()).toEqual(counted(await rowsOf(hand)));
    await Promise.all([hand.ledger.foldTallies(), hand.ledger.foldTallies(), hand.ledger.recount()]);
    expect(await hand.ledger.tallies()).toEqual(counted(await rowsOf(hand)));
  });
}

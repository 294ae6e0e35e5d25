import fc from 'fast-check';
import type { LocalName, ObjectKey, ObjectName, Ticket, VolumeId } from '../../../server/src/core/keys';
import type { Publication } from '../../../server/src/core/ledger/words';
import type { LedgerRow } from '../../../server/src/core/ledger/state';
import * as step from '../../../server/src/core/ledger/transitions';

const KEY = 'photo.jpg' as ObjectKey;
const RULE = { condemnObjects: true, graceMs: 1000 };
const FOUND = { volume: 'disk' as VolumeId, localName: 'photo.jpg' as LocalName, size: 3 };
const MD5 = 'a'.repeat(32);

type Event =
  | { readonly do: 'publish'; readonly ticket: number; readonly disk: boolean; readonly condemnObjects: boolean }
  | { readonly do: 'bury'; readonly ticket: number }
  | { readonly do: 'purge'; readonly referenced: boolean; readonly condemnObjects: boolean }
  | { readonly do: 'upload' }
  | { readonly do: 'fail' };

/** Plays one event on a row. Every name is used once, so `serial` makes it. */
function play(row: LedgerRow, event: Event, serial: number): step.Change {
  const unchanged = { row, condemned: [] };
  switch (event.do) {
    case 'publish': {
      const result = step.published(row, writing(event.ticket, event.disk, serial), { ...RULE, ...event });
      return result.outcome === 'published' ? result : unchanged;
    }
    case 'bury':
      return { row: step.buried(row, event.ticket as Ticket), condemned: [] };
    case 'purge':
      return step.purged(row, row.rev, event) ?? unchanged;
    case 'upload': {
      const remote = { locationId: 1, object: `upload-${serial}` as ObjectName, etag: null };
      return { row: step.uploaded(row, row.rev, remote, MD5) ?? row, condemned: [] };
    }
    case 'fail':
      return { row: step.failed(row, row.rev, 'TIMEOUT') ?? row, condemned: [] };
  }
}

function writing(ticket: number, disk: boolean, serial: number): Publication {
  const common = { id: serial, key: KEY, ticket: ticket as Ticket };
  const content = { size: ticket, md5: MD5, mime: null };
  const name = `name-${serial}`;
  return disk
    ? { intent: { ...common, kind: 'file', name: name as LocalName, volume: FOUND.volume }, ...content, origin: 'fallback' }
    : { intent: { ...common, kind: 'object', name: name as ObjectName, locationId: 1 }, ...content, etag: null };
}

const anEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    do: fc.constant('publish' as const),
    ticket: fc.integer({ min: 1, max: 30 }),
    disk: fc.boolean(),
    condemnObjects: fc.boolean(),
  }),
  fc.record({ do: fc.constant('bury' as const), ticket: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ do: fc.constant('purge' as const), referenced: fc.boolean(), condemnObjects: fc.boolean() }),
  fc.record({ do: fc.constant('upload' as const) }),
  fc.record({ do: fc.constant('fail' as const) }),
);

const aStart = fc.boolean().map((onDisk) => step.firstRow(KEY, onDisk ? FOUND : undefined));

/** The rows that a history goes through, with the first one, and the names that each step condemned. */
function history(start: LedgerRow, events: readonly Event[]): step.Change[] {
  const changes: step.Change[] = [{ row: start, condemned: [] }];
  events.forEach((event, index) => changes.push(play((changes.at(-1) as step.Change).row, event, index)));
  return changes;
}

const ids = (names: readonly step.Condemnation[]) => names.map(({ name }) => step.nameId(name));
const live = (row: LedgerRow) => step.liveNames(row).map(step.nameId);

const check = (property: (changes: step.Change[], events: readonly Event[]) => void) =>
  fc.assert(
    fc.property(aStart, fc.array(anEvent, { maxLength: 25 }), (start, events) => property(history(start, events), events)),
    { numRuns: 2000 },
  );

describe('in any history of a row', () => {
  it('no live name is condemned, and no name is condemned twice', () =>
    check((changes) => {
      const condemned = new Set<string>();
      for (const change of changes) {
        for (const id of ids(change.condemned)) {
          expect(condemned.has(id)).toBe(false);
          condemned.add(id);
        }
        expect(live(change.row).filter((id) => condemned.has(id))).toEqual([]);
      }
    }));

  it('each dropped name is condemned in the same step, unless objects may not be condemned', () =>
    check((changes, events) => {
      events.forEach((event, index) => {
        const [before, after] = [changes[index], changes[index + 1]] as [step.Change, step.Change];
        const dropped = live(before.row).filter((id) => !live(after.row).includes(id));
        const may = 'condemnObjects' in event && event.condemnObjects;
        expect(ids(after.condemned)).toEqual(dropped.filter((id) => may || !id.startsWith('["object"')));
      });
    }));

  it('the rev grows by one with each change of the row, and not with a failed attempt', () =>
    check((changes, events) => {
      events.forEach((event, index) => {
        const [before, after] = [changes[index], changes[index + 1]] as [step.Change, step.Change];
        const moved = after.row !== before.row && event.do !== 'fail';
        expect(after.row.rev).toBe(before.row.rev + (moved ? 1 : 0));
      });
    }));

  it('the ticket never falls, and only a publish or a purge changes it or drops a live name', () =>
    check((changes, events) => {
      events.forEach((event, index) => {
        const [before, after] = [changes[index], changes[index + 1]] as [step.Change, step.Change];
        expect(after.row.ticket).toBeGreaterThanOrEqual(before.row.ticket);
        if (event.do === 'publish' || event.do === 'purge') return;
        expect(after.row.ticket).toBe(before.row.ticket);
        expect(live(after.row)).toEqual(expect.arrayContaining(live(before.row)));
      });
    }));

  it('a gone row has no live name, and comes back only by a write that began after its delete', () =>
    check((changes, events) => {
      events.forEach((event, index) => {
        const [before, after] = [changes[index], changes[index + 1]] as [step.Change, step.Change];
        if (before.row.placement.state !== 'gone') return;
        expect(live(before.row)).toEqual([]);
        expect(before.row.tombstone).not.toBeNull();
        if (after.row.placement.state === 'gone') return;
        expect(event.do === 'publish' && event.ticket >= (before.row.tombstone?.ticket ?? Infinity)).toBe(true);
      });
    }));
});

describe('writes', () => {
  it('leave the bytes of the latest one, in whatever order they end', () =>
    fc.assert(
      fc.property(aStart, fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1 }), (start, tickets) => {
        const events = tickets.map((ticket): Event => ({ do: 'publish', ticket, disk: ticket % 2 === 0, condemnObjects: true }));
        const { row } = history(start, events).at(-1) as step.Change;
        expect(row.ticket).toBe(Math.max(...tickets));
        expect(row.placement).toMatchObject({ content: { size: Math.max(...tickets) } });
      }),
    ));

  it('that meet a delete leave the row buried only if the delete is the latest, in either order', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.boolean(), (write, bury, first) => {
        fc.pre(write !== bury);
        const events: Event[] = [
          { do: 'publish', ticket: write, disk: false, condemnObjects: true },
          { do: 'bury', ticket: bury },
        ];
        // a delete draws its ticket at the moment it happens, so it cannot come after a write that began later
        fc.pre(first || bury > write);
        const { row } = history(step.firstRow(KEY, undefined), first ? events.reverse() : events).at(-1) as step.Change;
        expect(row.tombstone !== null).toBe(bury > write);
      }),
    ));
});

describe('tickets', () => {
  it('are the drawn number, or one more than the highest of the row when the sequence was set back', () => {
    const row = step.firstRow(KEY, undefined);
    expect(step.ticketFor(row, 7)).toBe(7);
    const seen: LedgerRow = { ...row, ticket: 40 as Ticket, tombstone: { ticket: 50 as Ticket } };
    expect(step.ticketFor(seen, 60)).toBe(60);
    expect(step.ticketFor(seen, 3)).toBe(51);
    expect(step.ticketFor({ ...seen, tombstone: null }, 3)).toBe(41);
  });

  it('come with a nonce of nine digits', () => {
    expect(step.nonce(() => 0)).toBe('000000000');
    expect(step.nonce(() => 0.999_999_999_9)).toBe('999999999');
  });
});

test('an object is not adopted where a write of our own was given the plain name', () => {
  const remote = { locationId: 1, object: 'photo.jpg' as ObjectName, etag: null };
  const content = { size: 3, md5: MD5, mime: null };
  const row = step.firstRow(KEY, undefined);
  expect(step.adopted(row, remote, content)).toMatchObject({ placement: { state: 'remote' } });
  // the object under that name may be the write's and not proven
  expect(step.adopted({ ...row, plainUsed: true }, remote, content)).toBeUndefined();
});

import { parseKey, type ObjectName, type Ticket } from '../../../../server/src/core/keys';
import type { LedgerRow, Placement } from '../../../../server/src/core/ledger/state';
import { isElsewhere, isNewer, type Evidence } from '../../../../server/src/core/upkeep/absence/judge';

const MINUTE = 60_000;
const KEY = parseKey('a.png');
const LEDGER_SIZE = 1_000;
const FILE_SIZE = 2_000;

const remote: Placement = {
  state: 'remote',
  content: { size: LEDGER_SIZE, md5: 'old', mime: null },
  remote: { locationId: 1, object: 'a.png' as ObjectName, etag: null },
};
const rowWith = (changes: Partial<LedgerRow> = {}): LedgerRow => ({
  key: KEY, placement: remote, origin: 'upload', rev: 1, ticket: 1 as Ticket, tombstone: null, plainUsed: true, attempts: 0, lastError: null, ...changes,
});

/** The plugin went an hour ago, plain Strapi wrote the file ten minutes ago, and the library was read just now. */
function evidence({ row = rowWith(), rowAge = 90, file = 10, size = null, listed = 10 }: { row?: LedgerRow; rowAge?: number; file?: number; size?: Evidence['listed']['size']; listed?: number | null } = {}): Evidence {
  const listedAge = listed === null ? null : listed * MINUTE;
  return { row, rowAgeMs: rowAge * MINUTE, file: { size: FILE_SIZE, ageMs: file * MINUTE }, listed: { size, ageMs: listedAge, readMs: 1_000 }, absentMs: 60 * MINUTE };
}

const [ofLedger, ofFile, ofNeither] = [{ bytes: LEDGER_SIZE }, { bytes: FILE_SIZE }, { bytes: 77 }];

test.each<[string, Evidence, boolean]>([
  ['a file that was written meanwhile', evidence(), true],
  ['a file of before the plugin went away', evidence({ file: 61 }), false],
  ['the same, whatever size the library says', evidence({ file: 61, size: ofFile }), false],
  ['a file that is younger than what Strapi changed', evidence({ file: 5, listed: 20 }), false],
  ['a file that is a little younger, by another clock', evidence({ file: 5, listed: 14 }), true],
  ['a file that Strapi wrote long before it changed the description', evidence({ file: 50, listed: 1 }), true],
  ['a file of an import, whose times are those of another project', evidence({ listed: null }), true],
  ['a file that is older than the last change of the row', evidence({ rowAge: 9 }), false],
  ['the same, if it has the size that the library says, and the row has not', evidence({ rowAge: 9, size: ofFile }), true],
  ['a younger file, if the row has the size that the library says, and the file has not', evidence({ size: ofLedger }), false],
  ['sizes that fit neither: the time decides', evidence({ size: ofNeither }), true],
  ['sizes that fit neither, and a younger row', evidence({ rowAge: 9, size: ofNeither }), false],
  ['a row that has changed since the library was read: its sizes say nothing', evidence({ rowAge: 1 / 120, size: ofFile }), false],
  ['a file that was written since the library was read: its size says nothing', evidence({ file: 1 / 120, size: ofLedger }), true],
  ['a row that was deleted after the file was written', evidence({ row: rowWith({ tombstone: { ticket: 2 as Ticket } }), rowAge: 9, size: ofFile }), false],
  ['a row that was deleted before', evidence({ row: rowWith({ tombstone: { ticket: 2 as Ticket } }) }), true],
  ['a row that is gone', evidence({ row: rowWith({ placement: { state: 'gone' } }) }), true],
  ['a row that is gone, and a file that the library does not mean', evidence({ row: rowWith({ placement: { state: 'gone' } }), rowAge: 9, size: ofNeither }), false],
])('%s', (_name, given, expected) => {
  expect(isNewer(given)).toBe(expected);
});

test('a size in kilobytes fits as Strapi rounds it', () => {
  const given = (bytes: number, kilobytes: number) => isNewer({ ...evidence({ rowAge: 9, size: { kilobytes } }), file: { size: bytes, ageMs: 10 * MINUTE } });
  for (const bytes of [1, 5, 15, 5_005, 5_015, 123_455, 9_999_995]) expect([bytes, given(bytes, Math.round((bytes / 1000) * 100) / 100)]).toEqual([bytes, true]);
  expect([given(2_010, 2), given(1_990, 2)]).toEqual([false, false]);
});

describe('bytes that another disk may have', () => {
  test.each<[string, Evidence, boolean]>([
    ['the library says another size, long after the row changed', evidence({ size: ofFile }), true],
    ['the library says the row’s size', evidence({ size: ofLedger }), false],
    ['the library says no size', evidence(), false],
    ['the row changed at about the same time', evidence({ size: ofFile, rowAge: 15 }), false],
    ['the library does not say when', evidence({ size: ofFile, listed: null }), false],
    ['a deleted row', evidence({ size: ofFile, row: rowWith({ tombstone: { ticket: 2 as Ticket } }) }), false],
    ['a row without bytes', evidence({ size: ofFile, row: rowWith({ placement: { state: 'gone' } }) }), false],
  ])('%s', (_name, given, expected) => {
    expect(isElsewhere(given)).toBe(expected);
  });
});

test('a file that was written in the very moment in which the library was read is judged by its time', () => {
  const given = evidence({ size: { bytes: LEDGER_SIZE } });
  expect(isNewer({ ...given, file: { size: FILE_SIZE, ageMs: given.listed.readMs + 0.4 } })).toBe(true);
});

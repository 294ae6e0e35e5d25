import type { IncomingHttpHeaders } from 'node:http';
import { decide, tagOfNotModified, validatorsOf } from '../../server/src/http/uploads-conditions';

const MODIFIED = Date.parse('2026-01-02T03:04:05.678Z');
const SAME = 'Fri, 02 Jan 2026 03:04:05 GMT';
const EARLIER = 'Fri, 02 Jan 2026 03:04:04 GMT';
const LATER = 'Fri, 02 Jan 2026 03:04:06 GMT';
const facts = { size: 10, etag: 'abc', mime: null, isPlain: true };
const dated = validatorsOf({ ...facts, modifiedMs: MODIFIED }, MODIFIED + 60_000);
const undated = validatorsOf(facts, MODIFIED);

const statusOf = (headers: IncomingHttpHeaders, validators = dated, method = 'GET') => decide(method, headers, facts, validators).status;

test.each<[string, IncomingHttpHeaders, number, number?]>([
  ['no condition', {}, 200],
  ['If-Match, the tag', { 'if-match': '"abc"' }, 200],
  ['If-Match, one of several', { 'if-match': '"x", "abc"' }, 200],
  ['If-Match, any', { 'if-match': ' * ' }, 200],
  ['If-Match, another tag', { 'if-match': '"x"' }, 412],
  ['If-Match, the weak tag, which no strong comparison finds', { 'if-match': 'W/"abc"' }, 412],
  ['If-Match without quotes', { 'if-match': 'abc' }, 412],
  ['If-Match goes before If-Unmodified-Since', { 'if-match': '"abc"', 'if-unmodified-since': EARLIER }, 200],
  ['If-Match and then If-None-Match', { 'if-match': '"abc"', 'if-none-match': '"abc"' }, 304],
  ['If-Match fails before If-None-Match is asked', { 'if-match': '"x"', 'if-none-match': '"abc"' }, 412],
  ['If-Unmodified-Since, the same second', { 'if-unmodified-since': SAME }, 200],
  ['If-Unmodified-Since, later', { 'if-unmodified-since': LATER }, 200],
  ['If-Unmodified-Since, earlier', { 'if-unmodified-since': EARLIER }, 412, 200],
  ['If-Unmodified-Since that is no date', { 'if-unmodified-since': '2026-01-01' }, 200],
  ['If-None-Match, the tag', { 'if-none-match': '"abc"' }, 304],
  ['If-None-Match, the weak tag', { 'if-none-match': 'W/"abc"' }, 304],
  ['If-None-Match, one of several', { 'if-none-match': '"x",W/"y" , "abc"' }, 304],
  ['If-None-Match, any', { 'if-none-match': '*' }, 304],
  ['If-None-Match, another tag', { 'if-none-match': '"x"' }, 200],
  ['If-None-Match, a tag that has the tag in it', { 'if-none-match': '"x"abc"y"' }, 200],
  ['If-None-Match and a reload', { 'if-none-match': '"abc"', 'cache-control': 'no-cache' }, 304],
  ['If-None-Match goes before If-Modified-Since', { 'if-none-match': '"x"', 'if-modified-since': LATER }, 200],
  ['If-Modified-Since, the same second', { 'if-modified-since': SAME }, 304, 200],
  ['If-Modified-Since, later', { 'if-modified-since': LATER }, 304, 200],
  ['If-Modified-Since, earlier', { 'if-modified-since': EARLIER }, 200],
  ['If-Modified-Since in the form of RFC 850', { 'if-modified-since': 'Friday, 02-Jan-26 03:04:05 GMT' }, 304, 200],
  ['If-Modified-Since in the form of asctime', { 'if-modified-since': 'Fri Jan  2 03:04:05 2026' }, 304, 200],
  ['If-Modified-Since that is no date', { 'if-modified-since': 'Fri, 99 Jan 2026 99:04:05 GMT' }, 200],
])('%s: a request with %j is answered %d', (_what, headers, status, withoutDate = status) => {
  expect([statusOf(headers), statusOf(headers, dated, 'HEAD')]).toEqual([status, status]);
  // conditions on the time of the last change are ignored where that time is not known
  expect(statusOf(headers, undated)).toBe(withoutDate);
  // the same holds with a range: a failed condition decides the answer, and no part is sent
  expect(statusOf({ ...headers, range: 'bytes=2-4' })).toBe(status === 200 ? 206 : status);
});

test.each<[string, IncomingHttpHeaders, number, number?]>([
  ['one range', { range: 'bytes=2-4' }, 206],
  ['a suffix', { range: 'bytes=-3' }, 206],
  ['a suffix that is longer than the file', { range: 'bytes=-11' }, 206],
  ['a suffix without any byte', { range: 'bytes=-0' }, 416],
  ['beyond the end', { range: 'bytes=10-' }, 416],
  ['reversed', { range: 'bytes=4-2' }, 416],
  ['several ranges', { range: 'bytes=0-1,4-5' }, 200],
  ['several ranges, of which the file has one', { range: 'bytes=0-1,10-' }, 200],
  ['the unit in capital letters', { range: 'BYTES=2-4' }, 206],
  ['another unit', { range: 'lines=1-2' }, 200],
  ['no unit', { range: '1-2' }, 200],
  ['If-Range, the tag', { range: 'bytes=2-4', 'if-range': '"abc"' }, 206],
  ['If-Range, another tag', { range: 'bytes=2-4', 'if-range': '"x"' }, 200],
  ['If-Range, the weak tag', { range: 'bytes=2-4', 'if-range': 'W/"abc"' }, 200],
  ['If-Range, the date', { range: 'bytes=2-4', 'if-range': SAME }, 206, 200],
  ['If-Range, a later date, which proves nothing', { range: 'bytes=2-4', 'if-range': LATER }, 200],
  ['If-Range, an earlier date', { range: 'bytes=2-4', 'if-range': EARLIER }, 200],
  ['If-Range that is neither', { range: 'bytes=2-4', 'if-range': 'abc' }, 200],
  ['If-Range with a range beyond the end of other bytes', { range: 'bytes=10-', 'if-range': '"x"' }, 200],
])('ranges, %s: a request with %j is answered %d', (_what, headers, status, withoutDate = status) => {
  expect(statusOf(headers)).toBe(status);
  expect(statusOf(headers, undated)).toBe(withoutDate);
  expect(decide('HEAD', headers, facts, dated)).toEqual({ status: 200, wanted: { bytes: 'check' } });
});

test('decide wants a range, all bytes or none', () => {
  expect(decide('GET', { range: 'bytes=-3' }, facts, dated).wanted).toEqual({ bytes: 'range', range: { start: 7, end: 9 } });
  expect(decide('GET', { range: `bytes=-${'9'.repeat(400)}` }, facts, dated).wanted).toEqual({ bytes: 'range', range: { start: 0, end: 9 } });
  expect(decide('GET', { range: 'bytes=8-99' }, facts, dated).wanted).toEqual({ bytes: 'range', range: { start: 8, end: 9 } });
  expect(decide('GET', {}, facts, dated).wanted).toEqual({ bytes: 'all' });
  // an empty file has no part, and its end is the whole file
  expect(decide('GET', { range: 'bytes=-3' }, { ...facts, size: 0 }, dated)).toEqual({ status: 200, wanted: { bytes: 'all' } });
  expect(decide('GET', { range: 'bytes=0-' }, { ...facts, size: 0 }, dated)).toEqual({ status: 416, wanted: { bytes: 'none' } });
  // clients could not tell a part of it from a part of other bytes
  expect(decide('GET', { range: 'bytes=-3' }, { ...facts, wholeOnly: true }, dated)).toEqual({ status: 200, wanted: { bytes: 'all' } });
  for (const headers of [{ 'if-none-match': '*' }, { 'if-match': '"x"' }, { range: 'bytes=10-' }]) expect(decide('GET', headers, facts, dated).wanted).toEqual({ bytes: 'none' });
});

test('a year of 2 digits is the latest one that lies at most 50 years ahead', () => {
  const status = (yearsAhead: number) => {
    const year = String((new Date().getUTCFullYear() + yearsAhead) % 100).padStart(2, '0');
    return statusOf({ 'if-modified-since': `Friday, 02-Jan-${year} 03:04:05 GMT` });
  };
  expect([status(1), status(50), status(51), status(60)]).toEqual([304, 304, 200, 200]);
});

test('Last-Modified is given only when no other change can happen in the same second any more', () => {
  const at = (now: number) => validatorsOf({ ...facts, modifiedMs: MODIFIED }, now).modified?.toUTCString();
  expect(at(MODIFIED + 3_999)).toBeUndefined();
  expect(at(MODIFIED + 4_000)).toBe(SAME);
  // for a file whose time is yet to come there is no date either
  expect(at(MODIFIED - 60_000)).toBeUndefined();
});

test('of a file in the ledger only the very date counts, and of a plain file any later one as well', () => {
  const at = (isPlain: boolean) => validatorsOf({ ...facts, modifiedMs: MODIFIED, isPlain }, MODIFIED + 10_000);
  const statuses = (isPlain: boolean, header: string) => [-1_000, 0, 1_000].map((ms) => statusOf({ [header]: new Date(Date.parse(SAME) + ms).toUTCString() }, at(isPlain)));
  expect([statuses(false, 'if-modified-since'), statuses(true, 'if-modified-since')]).toEqual([[200, 304, 200], [200, 304, 304]]);
  expect([statuses(false, 'if-unmodified-since'), statuses(true, 'if-unmodified-since')]).toEqual([[412, 200, 412], [412, 200, 200]]);
});

test('a 304 has the ETag in the form that the client sent, weak or strong', () => {
  expect(tagOfNotModified({ 'if-none-match': '"abc"' }, dated)).toBe('"abc"');
  expect(tagOfNotModified({ 'if-none-match': 'W/"abc"' }, dated)).toBe('W/"abc"');
  expect(tagOfNotModified({ 'if-none-match': 'W/"abc", "abc"' }, dated)).toBe('"abc"');
  expect(tagOfNotModified({ 'if-none-match': '*' }, dated)).toBe('"abc"');
});

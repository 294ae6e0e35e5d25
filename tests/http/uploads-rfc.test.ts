// This file is longer than others, because it is one table of the rules of RFC 9110 and RFC 9111, in the order of the standards.
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DEFAULT_VISITOR_CACHE } from '../../server/src/contracts/settings';
import { mediaWorld, type MediaWorld } from '../support/media-world';
import { uploadsWorld, type Answer, type UploadsWorld } from '../support/uploads-world';

const CONTENT = 'abcdefghijklmnopqrstuvwxyz0123456789';
const SIZE = CONTENT.length;
const LONG = 'a line that a compression likes\n'.repeat(200);

/** The times of the file on disk, in forms of RFC 9110, section 5.6.7. No time is known of a file in S3. */
const MODIFIED = Date.parse('2026-01-02T03:04:05.678Z');
const SAME = 'Fri, 02 Jan 2026 03:04:05 GMT';
const EARLIER = 'Fri, 02 Jan 2026 03:04:04 GMT';
const LATER = 'Fri, 02 Jan 2026 03:04:06 GMT';
const inYears = (years: number) => String((new Date().getUTCFullYear() + years) % 100).padStart(2, '0');

type Headers = Record<string, string | string[]>;

/** One home of the same files. */
interface Place {
  ask(file: string, headers?: Headers, method?: string): Promise<Answer>;
  /** The same server with Strapi's compression before it. */
  askCompressed(file: string, headers?: Headers, method?: string): Promise<Answer>;
  /** Whether the time of the last change is known. */
  isDated: boolean;
}

const places: Record<string, Place> = {};
const worlds: UploadsWorld[] = [];
const medias: MediaWorld[] = [];

async function server(options: { memoryCacheMb: number }): Promise<{ media: MediaWorld; place: Place }> {
  const media = await mediaWorld();
  medias.push(media);
  media.state.memoryCacheMb = options.memoryCacheMb;
  const reader = () => media.storage.reader;
  const plainly = await uploadsWorld(media.folder, { reader });
  const compressing = await uploadsWorld(media.folder, { reader, compressed: true });
  worlds.push(plainly, compressing);
  return {
    media,
    place: {
      ask: (file, headers, method) => plainly.ask(`/uploads/${file}`, headers, method),
      askCompressed: (file, headers, method) => compressing.ask(`/uploads/${file}`, headers, method),
      isDated: false,
    },
  };
}

const FILES = { 'kept.txt': CONTENT, 'long.txt': LONG, 'empty.txt': '' };
let held: MediaWorld;
let stored: MediaWorld;

beforeAll(async () => {
  const inS3 = await server({ memoryCacheMb: 0 });
  const inMemory = await server({ memoryCacheMb: 64 });
  const onDisk = await server({ memoryCacheMb: 64 });
  stored = inS3.media;
  held = inMemory.media;
  Object.assign(places, { 'in S3': inS3.place, 'in memory': inMemory.place, 'on the disk': { ...onDisk.place, isDated: true } });
  for (const [name, content] of Object.entries(FILES)) {
    for (const { media, place } of [inS3, inMemory]) {
      await media.put(name, content);
      // memory holds the bytes from the first answer on
      await place.ask(name);
    }
    const file = path.join(onDisk.media.folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
    await utimes(file, new Date(MODIFIED), new Date(MODIFIED));
  }
});

afterAll(async () => {
  for (const world of worlds) await world.close();
  for (const media of medias) await media.close();
});

beforeEach(() => {
  held.requests.length = 0;
  stored.requests.length = 0;
});

/** The answer to a GET: a status, or the first and the last byte of a part. */
type Expected = 200 | 304 | 404 | 412 | 416 | [first: number, last: number];
type Row = [section: string, what: string, headers: (tag: string) => Headers, expected: Expected, whereUndated?: Expected];

const range = (value: string | string[], others: Headers = {}) => () => ({ range: value, ...others });

const ROWS: Row[] = [
  ['8.8.3', 'a file has a strong tag', () => ({}), 200],
  ['13.1.1', 'If-Match with the tag lets a request pass', (tag) => ({ 'if-match': tag }), 200],
  ['13.1.1', 'If-Match with a star matches any file', () => ({ 'if-match': '*' }), 200],
  ['13.1.1', 'If-Match with another tag fails', () => ({ 'if-match': '"x"' }), 412],
  ['13.1.1', 'If-Match finds the tag in a list', (tag) => ({ 'if-match': `"x" ,\t${tag},W/"y"` }), 200],
  ['13.1.1', 'If-Match compares strongly', (tag) => ({ 'if-match': `W/${tag}` }), 412],
  ['13.1.1', 'If-Match without quotes names no tag', (tag) => ({ 'if-match': tag.slice(1, -1) }), 412],
  ['13.1.1', 'If-Match without any tag fails', () => ({ 'if-match': '' }), 412],
  ['13.1.1', 'If-Match with the tag and a range gets the part', (tag) => ({ 'if-match': tag, range: 'bytes=1-3' }), [1, 3]],
  ['13.1.1', 'If-Match with another tag and a range gets no part', () => ({ 'if-match': '"x"', range: 'bytes=1-3' }), 412],
  ['13.1.2', 'If-None-Match with the tag is not modified', (tag) => ({ 'if-none-match': tag }), 304],
  ['13.1.2', 'If-None-Match compares weakly', (tag) => ({ 'if-none-match': `W/${tag}` }), 304],
  ['13.1.2', 'If-None-Match with a star matches any file', () => ({ 'if-none-match': '*' }), 304],
  ['13.1.2', 'If-None-Match with another tag gets the file', () => ({ 'if-none-match': '"x"' }), 200],
  ['13.1.2', 'If-None-Match finds the tag in a list', (tag) => ({ 'if-none-match': `"x",, W/"y" ,${tag}` }), 304],
  ['13.1.2', 'If-None-Match finds the tag in 500 others', (tag) => ({ 'if-none-match': [...Array.from({ length: 500 }, (_, index) => `"${index}"`), tag].join(', ') }), 304],
  ['13.1.2', 'If-None-Match does not take a tag for one inside another', (tag) => ({ 'if-none-match': `"x${tag.slice(1)}` }), 200],
  ['13.1.2', 'If-None-Match with the tag goes before the range', (tag) => ({ 'if-none-match': tag, range: 'bytes=1-3' }), 304],
  ['13.1.2', 'If-None-Match with the tag goes before a range beyond the end', (tag) => ({ 'if-none-match': tag, range: 'bytes=99-' }), 304],
  ['13.1.2', 'If-None-Match with another tag and a range gets the part', () => ({ 'if-none-match': '"x"', range: 'bytes=1-3' }), [1, 3]],
  ['13.1.3', 'If-Modified-Since the same second is not modified', () => ({ 'if-modified-since': SAME }), 304, 200],
  ['13.1.3', 'If-Modified-Since a later second is not modified', () => ({ 'if-modified-since': LATER }), 304, 200],
  ['13.1.3', 'If-Modified-Since an earlier second gets the file', () => ({ 'if-modified-since': EARLIER }), 200],
  ['13.1.3', 'If-Modified-Since is ignored beside If-None-Match', () => ({ 'if-modified-since': LATER, 'if-none-match': '"x"' }), 200],
  ['13.1.3', 'If-Modified-Since is ignored beside If-None-Match without any tag', () => ({ 'if-modified-since': LATER, 'if-none-match': '' }), 200],
  ['13.1.3', 'If-Modified-Since goes before the range', () => ({ 'if-modified-since': SAME, range: 'bytes=1-3' }), 304, [1, 3]],
  ['13.1.4', 'If-Unmodified-Since the same second lets a request pass', () => ({ 'if-unmodified-since': SAME }), 200],
  ['13.1.4', 'If-Unmodified-Since an earlier second fails', () => ({ 'if-unmodified-since': EARLIER }), 412, 200],
  ['13.1.4', 'If-Unmodified-Since is ignored beside If-Match', (tag) => ({ 'if-unmodified-since': EARLIER, 'if-match': tag }), 200],
  ['13.1.4', 'If-Unmodified-Since goes before the range', () => ({ 'if-unmodified-since': EARLIER, range: 'bytes=1-3' }), 412, [1, 3]],
  ['13.1.5', 'If-Range with the tag gets the part', (tag) => ({ 'if-range': tag, range: 'bytes=1-3' }), [1, 3]],
  ['13.1.5', 'If-Range with another tag gets the whole file', () => ({ 'if-range': '"x"', range: 'bytes=1-3' }), 200],
  ['13.1.5', 'If-Range compares strongly', (tag) => ({ 'if-range': `W/${tag}`, range: 'bytes=1-3' }), 200],
  ['13.1.5', 'If-Range with the date gets the part', () => ({ 'if-range': SAME, range: 'bytes=1-3' }), [1, 3], 200],
  ['13.1.5', 'If-Range with a later date, which proves nothing, gets the whole file', () => ({ 'if-range': LATER, range: 'bytes=1-3' }), 200],
  ['13.1.5', 'If-Range with an earlier date gets the whole file', () => ({ 'if-range': EARLIER, range: 'bytes=1-3' }), 200],
  ['13.1.5', 'If-Range takes no list', (tag) => ({ 'if-range': `${tag}, "x"`, range: 'bytes=1-3' }), 200],
  ['13.1.5', 'If-Range takes no star', () => ({ 'if-range': '*', range: 'bytes=1-3' }), 200],
  ['13.1.5', 'If-Range that is neither a tag nor a date gets the whole file', () => ({ 'if-range': 'yesterday', range: 'bytes=1-3' }), 200],
  ['13.1.5', 'If-Range without a range has no meaning', () => ({ 'if-range': '"x"' }), 200],
  ['13.1.5', 'If-Range with another tag leaves no range to be refused', () => ({ 'if-range': '"x"', range: 'bytes=99-' }), 200],
  ['13.1.5', 'If-Range with the tag and a range beyond the end is refused', (tag) => ({ 'if-range': tag, range: 'bytes=99-' }), 416],
  ['13.2.2', 'If-Match is asked before If-None-Match', (tag) => ({ 'if-match': '"x"', 'if-none-match': tag }), 412],
  ['13.2.2', 'If-None-Match is asked after If-Match', (tag) => ({ 'if-match': tag, 'if-none-match': tag }), 304],
  ['13.2.2', 'If-Unmodified-Since is asked before If-None-Match', (tag) => ({ 'if-unmodified-since': EARLIER, 'if-none-match': tag }), 412, 304],
  ['13.2.2', 'If-Range is asked after all others', (tag) => ({ 'if-match': tag, 'if-none-match': '"x"', 'if-range': '"x"', range: 'bytes=1-3' }), 200],

  ['5.6.7', 'a date may have the form of RFC 850', () => ({ 'if-modified-since': 'Friday, 02-Jan-26 03:04:05 GMT' }), 304, 200],
  ['5.6.7', 'a date may have the form of asctime', () => ({ 'if-modified-since': 'Fri Jan  2 03:04:05 2026' }), 304, 200],
  ['5.6.7', 'a year of 2 digits may lie 40 years ahead', () => ({ 'if-modified-since': `Friday, 02-Jan-${inYears(40)} 03:04:05 GMT` }), 304, 200],
  ['5.6.7', 'a year of 2 digits does not lie 60 years ahead', () => ({ 'if-modified-since': `Friday, 02-Jan-${inYears(60)} 03:04:05 GMT` }), 200],
  ...['', '0', '1767323045', '2026-01-02T03:04:05Z', 'Fri, 02 Jan 2026 03:04:05', 'Fri, 02 Jan 2026 03:04:05 UTC', 'Fri, 02 Jan 2026 03:04:05 +0000', 'fri, 02 jan 2026 03:04:05 gmt', 'Fri, 02 Foo 2026 03:04:05 GMT', 'Fri, 02 Jan 2026 99:04:05 GMT', 'Fri, 2 Jan 2026 03:04:05 GMT', `${SAME}, ${SAME}`, `"${SAME}"`].flatMap(
    (date): Row[] => [
      ['13.1.3', `If-Modified-Since is ignored where it is no date: ${JSON.stringify(date)}`, () => ({ 'if-modified-since': date }), 200],
      ['13.1.4', `If-Unmodified-Since is ignored where it is no date: ${JSON.stringify(date)}`, () => ({ 'if-unmodified-since': date }), 200],
    ],
  ),

  ['14.1.1', 'another unit is ignored', range('lines=1-3'), 200],
  ['14.1.1', 'a range without a unit is ignored', range('1-3'), 200],
  ['14.1.1', 'the name of a unit has no case', range('Bytes=1-3'), [1, 3]],
  ['14.1.1', 'a reversed range is refused', range('bytes=3-1'), 416],
  ...['bytes', 'bytes=', 'bytes=-', 'bytes=--3', 'bytes=1', 'bytes=a-b', 'bytes=1-b', 'bytes=0x1-0x3', 'bytes=1.5-3', 'bytes=+1-3', 'bytes=1-3-5', 'bytes=1e1-', 'bytes 1-3', 'bytes=1-3/36', 'bytes==1-3', 'bytes=1-3;q=1', 'bytes=١-٣', 'bytes=*', '*'].map(
    (value): Row => ['14.1.1', `a range that the grammar does not know is ignored: ${value}`, range(Buffer.from(value).toString('latin1')), 200],
  ),
  ['14.1.2', 'the first byte is a part', range('bytes=0-0'), [0, 0]],
  ['14.1.2', 'a part has its first and its last byte', range('bytes=1-3'), [1, 3]],
  ['14.1.2', 'the whole file may be a part', range('bytes=0-'), [0, SIZE - 1]],
  ['14.1.2', 'a part may go on to the end', range('bytes=30-'), [30, SIZE - 1]],
  ['14.1.2', 'the last byte is a part', range(`bytes=${SIZE - 1}-`), [SIZE - 1, SIZE - 1]],
  ['14.1.2', 'a part ends with the file', range('bytes=30-99'), [30, SIZE - 1]],
  ['14.1.2', 'zeros before a number mean nothing', range('bytes=0001-0003'), [1, 3]],
  ['14.1.2', 'a number may have more digits than any file has bytes', range(`bytes=30-${'9'.repeat(5_000)}`), [30, SIZE - 1]],
  ['14.1.2', 'a range that begins behind the end is refused', range(`bytes=${SIZE}-`), 416],
  ['14.1.2', 'a range that begins far behind the end is refused', range(`bytes=${'9'.repeat(5_000)}-`), 416],
  ['14.1.2', 'a suffix is a part', range('bytes=-3'), [SIZE - 3, SIZE - 1]],
  ['14.1.2', 'a suffix may be as long as the file', range(`bytes=-${SIZE}`), [0, SIZE - 1]],
  ['14.1.2', 'a suffix that is longer than the file is the whole file', range(`bytes=-${SIZE + 1}`), [0, SIZE - 1]],
  ['14.1.2', 'a suffix that is far longer than the file is the whole file', range(`bytes=-${'9'.repeat(5_000)}`), [0, SIZE - 1]],
  ['14.1.2', 'a suffix without any byte is refused', range('bytes=-0'), 416],
  ['14.2', 'several ranges get the whole file', range('bytes=0-1,4-5'), 200],
  ['14.2', 'ranges that overlap get the whole file', range('bytes=0-9,5-14,7-7'), 200],
  ['14.2', 'ranges of which only one can be satisfied get the whole file', range('bytes=0-1,99-'), 200],
  ['14.2', 'a suffix that is longer than the file counts among several ranges', range('bytes=-99,0-1'), 200],
  ['14.2', '4,000 ranges, nearly all that fit into a request, get the whole file', range(`bytes=${Array.from({ length: 4_000 }, () => '0-').join()}`), 200],
  ['14.2', 'two headers are one list, which gets the whole file', range(['bytes=0-1', 'bytes=4-5']), 200],
];

const kindOf = (expected: Expected) => (Array.isArray(expected) ? 206 : expected);

/** Returns the facts that an answer must have. The form of the tag counts, because its text differs from place to place. */
function answerTo(expected: Expected, method: string) {
  const sent = Array.isArray(expected) ? CONTENT.slice(expected[0], expected[1] + 1) : CONTENT;
  const status = kindOf(expected);
  const isFile = status === 200 || status === 206;
  return {
    status,
    // a client that names the weak tag has a compressed file, and hears of the same tag again
    etag: isFile ? 'strong' : status === 304 ? expect.stringMatching(/^strong$|: W\/"/) : undefined,
    'accept-ranges': isFile || status === 304 ? 'bytes' : undefined,
    'content-range': Array.isArray(expected) ? `bytes ${expected[0]}-${expected[1]}/${SIZE}` : status === 416 ? `bytes */${SIZE}` : undefined,
    'content-length': isFile ? String(sent.length) : status === 304 ? undefined : expect.stringMatching(/^\d+$/),
    'content-type': isFile ? 'text/plain; charset=utf-8' : status === 304 ? undefined : 'application/json; charset=utf-8',
    'cache-control': isFile || status === 304 ? DEFAULT_VISITOR_CACHE : 'no-store',
    bytes: method === 'HEAD' || status === 304 ? '' : isFile ? sent : expect.stringContaining(`"status":${status}`),
  };
}

function facts({ status, headers, bytes }: Answer) {
  const etag = headers['etag'];
  const names = ['accept-ranges', 'content-range', 'content-length', 'content-type', 'cache-control'] as const;
  return {
    status,
    etag: etag && (/^"[^"]+"$/.test(String(etag)) ? 'strong' : `not strong: ${String(etag)}`),
    ...Object.fromEntries(names.map((name) => [name, headers[name]])),
    bytes: bytes.toString(),
  };
}

describe.each(['in S3', 'in memory', 'on the disk'])('a file %s', (where) => {
  const tagOf = async (file = 'kept.txt') => String((await places[where]!.ask(file)).headers['etag']);

  test.each(ROWS)('RFC 9110, section %s: %s', async (_section, _what, headersOf, dated, undated = dated) => {
    const place = places[where]!;
    const headers = headersOf(await tagOf());
    const expected = place.isDated ? dated : undated;
    expect(facts(await place.ask('kept.txt', headers))).toEqual(answerTo(expected, 'GET'));
    // a range has no meaning in a HEAD
    const { range: ignored, ...conditions } = headers;
    const onHead = ignored !== undefined && (expected === 416 || Array.isArray(expected)) ? 200 : expected;
    expect(facts(await place.ask('kept.txt', headers, 'HEAD'))).toEqual(answerTo(onHead, 'HEAD'));
    const names = ({ headers: { date: _date, ...others } }: Answer) => others;
    expect(names(await place.ask('kept.txt', conditions, 'HEAD'))).toEqual(names(await place.ask('kept.txt', conditions)));
  });

  test('RFC 9110, section 8.8.2: the time of the last change is given in whole seconds where it is known', async () => {
    const { ask, isDated } = places[where]!;
    for (const headers of [{}, { range: 'bytes=1-3' }] as Headers[]) expect((await ask('kept.txt', headers)).headers['last-modified']).toBe(isDated ? SAME : undefined);
  });

  test('RFC 9110, section 14.1.2: an empty file has no byte for a range, and a suffix of it is the whole file', async () => {
    const { ask } = places[where]!;
    const outcome = async (value: string) => {
      const { status, headers, bytes } = await ask('empty.txt', { range: value });
      return [status, headers['content-range'], status === 200 && bytes.length];
    };
    for (const value of ['bytes=0-', 'bytes=0-0', 'bytes=5-9']) expect([value, await outcome(value)]).toEqual([value, [416, 'bytes */0', false]]);
    for (const value of ['bytes=-5', 'lines=1-2', 'bytes=0-0,-5']) expect([value, await outcome(value)]).toEqual([value, [200, undefined, 0]]);
  });

  test('RFC 9110, section 14.2: 10,000 ranges cost no work: they do not fit into a request', async () => {
    const { ask } = places[where]!;
    expect((await ask('kept.txt', { range: `bytes=${Array.from({ length: 10_000 }, (_, index) => `${index}-`).join()}` })).status).toBe(431);
    expect((await ask('kept.txt')).status).toBe(200);
  });

  test('RFC 9110, section 5.3: several lines of a condition are one list, and a second date is ignored', async () => {
    const { ask, isDated } = places[where]!;
    const tag = await tagOf();
    const status = async (headers: Headers) => (await ask('kept.txt', headers)).status;
    expect(await status({ 'if-none-match': ['"x"', tag] })).toBe(304);
    expect(await status({ 'if-match': ['"x"', tag] })).toBe(200);
    expect(await status({ 'if-match': ['"x"', '"y"'] })).toBe(412);
    expect(await status({ 'if-range': [tag, tag], range: 'bytes=1-3' })).toBe(200);
    expect(await status({ 'if-modified-since': [SAME, EARLIER] })).toBe(isDated ? 304 : 200);
  });

  test('RFC 9110, section 13.2.1: conditions and ranges do not matter for a file that is not there', async () => {
    const { ask } = places[where]!;
    for (const headers of [{ 'if-match': '"x"' }, { 'if-none-match': '*' }, { 'if-unmodified-since': EARLIER }, { range: 'bytes=1-3' }, { range: 'bytes=-3' }, { range: 'bytes=99-' }, { range: 'lines=1-3' }] as Headers[]) {
      for (const method of ['GET', 'HEAD']) expect([headers, (await ask('missing.txt', headers, method)).status]).toEqual([headers, 404]);
    }
  });

  test('RFC 9110, section 15.4.5: a 304 has the headers of the 200 that guide a cache, and none that tell of a body', async () => {
    const { ask, askCompressed } = places[where]!;
    for (const [how, headers] of [[ask, {}], [askCompressed, { 'accept-encoding': 'gzip' }]] as const) {
      const whole = await how('kept.txt', headers);
      const tag = String(whole.headers['etag']);
      for (const [method, conditions] of [['GET', { 'if-none-match': tag }], ['HEAD', { 'if-none-match': tag }], ['GET', { 'if-none-match': '*' }]] as const) {
        const { status, headers: kept, bytes } = await how('kept.txt', { ...headers, ...conditions }, method);
        expect([status, bytes.length]).toEqual([304, 0]);
        for (const name of ['etag', 'cache-control', 'vary', 'last-modified', 'content-location', 'expires']) expect([name, kept[name]]).toEqual([name, whole.headers[name]]);
        expect(kept['date']).toBeDefined();
        for (const name of ['content-type', 'content-length', 'content-range', 'content-encoding', 'transfer-encoding']) expect([name, kept[name]]).toEqual([name, undefined]);
      }
    }
  });

  test('RFC 9110, section 15.3.7: a 206 has the headers of the 200 that guide a cache', async () => {
    const { ask } = places[where]!;
    const [whole, part] = [await ask('kept.txt'), await ask('kept.txt', { range: 'bytes=1-3' })];
    for (const name of ['etag', 'cache-control', 'vary', 'last-modified', 'content-type', 'accept-ranges']) expect([name, part.headers[name]]).toEqual([name, whole.headers[name]]);
    expect(part.headers['date']).toBeDefined();
  });

  test('RFC 9110, sections 8.4 and 14.2: no part is compressed, whichever encodings the client takes', async () => {
    const { askCompressed } = places[where]!;
    const tag = await tagOf('long.txt');
    for (const [value, first, last] of [['bytes=0-4999', 0, 4_999], [`bytes=-${LONG.length + 1}`, 0, LONG.length - 1]] as const) {
      for (const encodings of ['gzip', 'br, gzip, deflate', '*']) {
        const { status, headers, bytes } = await askCompressed('long.txt', { range: value, 'if-range': tag, 'accept-encoding': encodings });
        // a difference of so many lines would help nobody
        expect([value, encodings, status, bytes.toString() === LONG.slice(first, last + 1)]).toEqual([value, encodings, 206, true]);
        expect(headers).toMatchObject({ etag: tag, 'content-range': `bytes ${first}-${last}/${LONG.length}`, 'content-length': String(last - first + 1) });
        expect(headers['content-encoding']).toBeUndefined();
      }
    }
  });

  test('RFC 9110, section 8.8.3.3: a compressed answer has a weak tag, which gets no part of the file', async () => {
    const { askCompressed } = places[where]!;
    const strong = await tagOf('long.txt');
    const whole = await askCompressed('long.txt', { 'accept-encoding': 'gzip' });
    expect(whole.headers).toMatchObject({ 'content-encoding': 'gzip', etag: `W/${strong}` });
    expect(whole.headers['accept-ranges']).toBeUndefined();
    // several ranges get the whole file, and that may be compressed
    expect((await askCompressed('long.txt', { 'accept-encoding': 'gzip', range: 'bytes=0-1,4-5' })).headers).toMatchObject({ 'content-encoding': 'gzip', etag: `W/${strong}` });
    expect((await askCompressed('long.txt', { range: 'bytes=0-9', 'if-range': `W/${strong}` })).status).toBe(200);
    expect(await askCompressed('long.txt', { 'accept-encoding': 'gzip', 'if-none-match': `W/${strong}` })).toMatchObject({ status: 304, headers: { etag: `W/${strong}` } });
  });

  test('RFC 9111, section 4.1: every answer says that it depends on the encodings where it may be compressed', async () => {
    const { askCompressed } = places[where]!;
    const tag = await tagOf('long.txt');
    for (const headers of [{}, { 'accept-encoding': 'gzip' }, { range: 'bytes=1-3' }, { 'if-none-match': tag }] as Headers[]) {
      expect([headers, (await askCompressed('long.txt', headers)).headers['vary']]).toEqual([headers, 'Accept-Encoding']);
    }
  });

  test('RFC 9111, section 5.2.1: no directive of the request for a cache changes the answer of the server', async () => {
    const { ask } = places[where]!;
    const tag = await tagOf();
    for (const directive of ['no-cache', 'no-store', 'max-age=0', 'only-if-cached', 'no-transform', 'x="']) {
      expect(facts(await ask('kept.txt', { 'cache-control': directive, pragma: 'no-cache', 'if-none-match': tag }))).toEqual(answerTo(304, 'GET'));
      expect(facts(await ask('kept.txt', { 'cache-control': directive }))).toEqual(answerTo(200, 'GET'));
    }
  });
});

test('the files come from where the titles above say', async () => {
  for (const place of Object.values(places)) await place.ask('kept.txt', { range: 'bytes=1-3' });
  expect([stored.requests, held.requests]).toEqual([['get kept.txt'], []]);
});

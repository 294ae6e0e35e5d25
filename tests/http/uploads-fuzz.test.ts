// This file is longer than others, because each kind of input has its generator and its oracle beside its test.
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { mediaWorld, type MediaWorld } from '../support/media-world';
import { uploadsWorld, type Answer, type UploadsWorld } from '../support/uploads-world';

/** A failure prints its seed and its path. `S3_TEST_SEED` plays the same inputs again. */
const SEED = process.env['S3_TEST_SEED'];
const runs = (numRuns: number) => ({ numRuns, ...(SEED !== undefined && { seed: Number(SEED) }) });

const SECRET = 'nobody may read this';
const CONTENT = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** The files below the public folder that visitors may read, and where they lie. */
const FILES: Record<string, ['S3' | 'disk' | 'other', string]> = {
  'uploads/a.txt': ['S3', 'in S3'],
  'uploads/sub/deep.css': ['disk', 'on disk'],
  'uploads/caf\u00e9.txt': ['S3', 'one letter'],
  'uploads/plus+and space.txt': ['S3', 'plus and space'],
  'uploads/semi;colon=1.txt': ['disk', 'semicolon'],
  'uploads/percent.%41.txt': ['S3', 'percent'],
  'uploads/percent.A.txt': ['S3', 'decoded twice'],
  'uploads/replaced.txt': ['S3', 'current'],
  // only Strapi's own routes serve these: the first two have names that no key may have
  'uploads/odd.%2e%2e': ['other', 'odd'],
  'uploads/.hidden.txt': ['other', 'hidden'],
  'robots.txt': ['other', 'not an upload'],
};

let media: MediaWorld;
let held: MediaWorld;
let plugin: UploadsWorld;
let fromMemory: UploadsWorld;
let outside: string;
let editorsName = '';

async function write(file: string, content: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  await utimes(file, new Date(1e12), new Date(1e12));
}

beforeAll(async () => {
  media = await mediaWorld();
  held = await mediaWorld();
  held.state.memoryCacheMb = 64;
  // with this option nobody but the plugin guards its own folder
  plugin = await uploadsWorld(media.folder, { localServer: { hidden: true }, reader: () => media.storage.reader, originalName: async () => editorsName });
  fromMemory = await uploadsWorld(held.folder, { reader: () => held.storage.reader });
  for (const [name, [where, content]] of Object.entries(FILES)) {
    if (where === 'S3') await media.put(name.slice('uploads/'.length), content);
    else await write(path.join(plugin.publicFolder, name), content);
  }
  await media.put('deleted.txt', 'deleted');
  await media.storage.remove(media.key('deleted.txt'));
  outside = await mkdtemp(path.join(tmpdir(), 'uploads-fuzz-'));
  await write(path.join(outside, 'secret.txt'), SECRET);
  for (const name of ['replaced.txt', 'deleted.txt', '.s3-storage/own.txt']) await write(path.join(media.folder, name), SECRET);
  for (const world of [media, held]) await world.put('kept.bin', CONTENT);
  await write(path.join(media.folder, 'plain.bin'), CONTENT);
  // memory holds the bytes from the first answer on
  await fromMemory.ask('/uploads/kept.bin');
});

afterAll(async () => {
  await plugin.close();
  await fromMemory.close();
  await media.close();
  await held.close();
  await rm(outside, { recursive: true, force: true });
});

describe('any path', () => {
  /** The segments of files that visitors may read, and of files that no path may lead to. */
  const targets = () => [
    ...Object.keys(FILES).map((name) => name.split('/')),
    ['UPLOADS', 'a.txt'],
    ...['deleted.txt', '.s3-storage/own.txt', '.S3-Storage/own.txt', 'caf\u0065\u0301.txt', 'missing.txt'].map((name) => ['uploads', ...name.split('/')]),
    ['uploads', '..', '..', path.basename(outside), 'secret.txt'],
    ['..', path.basename(outside), 'secret.txt'],
    ['uploads', ...outside.split(path.sep), 'secret.txt'],
    ['uploads', 'sub', '..', '.s3-storage', 'own.txt'],
  ];
  const percent = (bytes: Iterable<number>) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const encoded = (letter: string) => percent(Buffer.from(letter));
  const raw = (letter: string) => (/[\x21-\x7e\xa0-\xff]/.test(letter) && letter !== '%' ? letter : encoded(letter));
  /** The ways in which a client may write one letter. Only the first three always mean the letter itself. */
  const SPELLINGS: ((letter: string) => string)[] = [
    (letter) => (letter.charCodeAt(0) < 0x80 ? raw(letter) : encoded(letter)),
    encoded,
    (letter) => encoded(letter).toUpperCase(),
    raw,
    (letter) => encoded(letter).replaceAll('%', '%25'),
    (letter) => encoded(letter).replaceAll('%', '%2525'),
    // the overlong forms of UTF-8, the full width of Unicode, the form of IIS, and a half of a letter
    (letter) => percent([0xc0 | (letter.charCodeAt(0) >> 6), 0x80 | (letter.charCodeAt(0) & 0x3f)]),
    (letter) => (/[\x21-\x7e]/.test(letter) ? encoded(String.fromCharCode(letter.charCodeAt(0) + 0xfee0)) : raw(letter)),
    (letter) => `%u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
    (letter) => encoded(letter).slice(0, -1),
  ];
  const spellings = fc.array(fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.integer({ min: 1, max: 2 }) }, { weight: 1, arbitrary: fc.integer({ min: 3, max: SPELLINGS.length - 1 }) }), { minLength: 1, maxLength: 7 });
  const noise = fc.array(fc.constantFrom('.', '', '..', 'sub/..', 'x/..', './/', '..;', '.../', 'uploads'), { maxLength: 2 });
  const separators = fc.constantFrom('/', '/', '/', '/', '\\', '//', '/./', '%2f', '%5C', '%252f');
  const starts = fc.constantFrom('/', '/', '/', '/', '//', '/./', '/%2e/', '/x/../', '/\\', 'http://host/', 'http://host:1/', 'https://user:pw@host//', 'http://[::1]/', 'ftp://x/', 'http:///', 'x://%/');
  const ends = fc.constantFrom('', '', '', '', '', '', '/', '//', '/.', '/..', '?', '?x=1', '?/../a.txt', '#x', ';v=1', ';', '%00', '%00.txt', '\\', '.', '%20', '%0d%0aX-Injected:%201', '::$DATA', '~', '%', '%ff', '*', '\xff', '.gz', 'x'.repeat(300), 'x'.repeat(10_000), '/x'.repeat(5_000), '%2e%2e/'.repeat(1_400));
  const spelled = fc
    .record({ start: starts, target: fc.nat(), noise, at: fc.nat(), separator: separators, spellings, end: ends })
    .map((parts) => {
      const all = targets();
      const target = all[parts.target % all.length]!;
      const at = parts.at % (target.length + 1);
      let index = 0;
      const spell = (segment: string) => [...segment].map((letter) => SPELLINGS[parts.spellings[index++ % parts.spellings.length]!]!(letter)).join('');
      const segments = [...target.slice(0, at), ...parts.noise, ...target.slice(at)];
      return parts.start + segments.map(spell).join(parts.separator) + parts.end;
    });
  const anyText = fc.string({ unit: fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 60 }).map((text) => `/uploads/${text}`);

  /** Returns the name below the public folder to which a path leads. */
  function nameOf(url: string): string | undefined {
    const [plain = ''] = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '').split(/[?#]/);
    if (/%(?![\da-f]{2})/i.test(plain)) return undefined;
    const bytes = Buffer.concat((plain.match(/%..|[^%]/g) ?? []).map((part) => (part.length === 3 ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part))));
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return undefined;
    }
    const names: string[] = [];
    const segments = text.split(/[\\/]/);
    for (const segment of segments) {
      if (segment === '..') names.pop();
      else if (segment !== '' && segment !== '.') names.push(segment);
    }
    // a slash at the end means a folder; a dot at the end does not, neither for Strapi nor for the plugin
    if (segments.at(-1) === '') return undefined;
    if (names[0]?.toLowerCase() === 'uploads') names[0] = 'uploads';
    return names.join('/');
  }

  async function check(url: string, found: Set<string>): Promise<void> {
    const name = nameOf(url);
    const [where, content] = FILES[name ?? ''] ?? [];
    const answer = await plugin.ask(url);
    // 403 is Strapi's answer to a path that leads out of the public folder, and 431 is Node's to one of more than 16 KiB
    expect([200, 400, 403, 404, 431]).toContain(answer.status);
    expect(answer.bytes.includes(SECRET)).toBe(false);
    expect(answer.headers['x-injected']).toBeUndefined();
    if (answer.status === 200) expect([name, answer.bytes.toString()]).toEqual([name, content]);
    // the oracle is not strict where Strapi's own route answers, and where Node's parser decides: absolute URLs, and letters that are not encoded
    else if (where === 'S3' || where === 'disk') expect([name, /^\/[\x21-\x7e]*$/.test(url) && !url.includes('#') ? answer.status : 'by Node']).toEqual([name, 'by Node']);
    if (where !== undefined && answer.status === 200) found.add(name!);
    const part = await plugin.ask(url, { range: 'bytes=1-2' });
    if (answer.status === 200) expect([part.status, part.bytes.toString()]).toEqual(where === 'other' ? [200, content] : [206, content!.slice(1, 3)]);
    else expect(part.status).toBe(answer.status);
  }

  test('leads to the file that it names or to no file, and never to a failure', async () => {
    const found = new Set<string>();
    await fc.assert(fc.asyncProperty(spelled, (url) => check(url, found)), runs(500));
    // a generator that finds no file would prove nothing
    expect(found.size).toBeGreaterThan(Object.keys(FILES).length / 2);
    expect(plugin.failures).toEqual([]);
  });

  test('of any letters leads to no failure', async () => {
    await fc.assert(fc.asyncProperty(anyText, (url) => check(url, new Set())), runs(200));
    expect(plugin.failures).toEqual([]);
  });

  test('in a URL that Koa itself cannot read gets the same answer as without the plugin', async () => {
    const without = await uploadsWorld(media.folder);
    const [ours, plain] = [await plugin.ask('http://[::/uploads/a.txt'), await without.ask('http://[::/uploads/a.txt')];
    await without.close();
    expect([ours.status, ours.bytes]).toEqual([plain.status, plain.bytes]);
    expect(ours.bytes.includes('in S3')).toBe(false);
    plugin.failures.length = 0;
  });

  test.each(['\0', '\r', '\n', '\t', ' ', '\x7f'])('with the raw letter %j leads to no file of that name', async (letter) => {
    const socket = connect(plugin.port, '127.0.0.1').setEncoding('latin1');
    socket.end(`GET /uploads/a${letter}.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 'latin1');
    let text = '';
    socket.on('data', (chunk: string) => (text += chunk));
    await once(socket, 'close');
    expect(text).toMatch(/^HTTP\/1\.1 (?:400|404) /);
  });
});

/** Any text that a client can send in a header. */
const headerText = fc.string({ unit: fc.integer({ min: 0, max: 0xff }).filter((code) => code === 9 || (code > 0x1f && code !== 0x7f)).map((code) => String.fromCharCode(code)), maxLength: 40 });
const numbers = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: CONTENT.length + 5 }).map(String) },
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom('00000000000000000003', '9007199254740993', '9'.repeat(400), '-1', '+1', '0x1', '1e1', '1.5', ' 1', '1 ', '\u00b2', 'a', '*') },
);
const specs = fc.tuple(numbers, fc.constantFrom('-', '-', '-', '-', '-', '-', '', '--', ' - ', ','), numbers).map((parts) => parts.join(''));
const ranges = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom('bytes=', 'bytes=', 'bytes=', 'Bytes=', 'BYTES=', 'bytes', 'bytes =', 'bytes= ', 'bytes==', 'byte=', 'seconds=', '=', ''), fc.array(specs, { minLength: 1, maxLength: 2 })).map(([unit, list]) => unit + list.join()) },
  { weight: 1, arbitrary: fc.tuple(specs, fc.integer({ min: 1, max: 2_500 })).map(([spec, times]) => `bytes=${Array.from({ length: times }, () => spec).join()}`.slice(0, 10_000)) },
  { weight: 1, arbitrary: headerText },
);

/** Returns the part of the content that RFC 9110 (section 14) grants; undefined: all of it, and `none`: 416. */
function partOf(header: string): [first: number, last: number] | 'none' | undefined {
  const [unit = '', set = '', ...others] = header.trim().split('=');
  const [first = '', last, ...more] = set.split('-');
  if (others.length > 0 || more.length > 0 || unit.toLowerCase() !== 'bytes' || last === undefined || first + last === '') return undefined;
  if ([...(first + last)].some((letter) => letter < '0' || letter > '9')) return undefined;
  const size = BigInt(CONTENT.length);
  const least = (one: bigint, other: bigint) => (one < other ? one : other);
  const begin = first === '' ? size - least(size, BigInt(last)) : BigInt(first);
  const end = first === '' || last === '' ? size - 1n : least(size - 1n, BigInt(last));
  return begin > end ? 'none' : [Number(begin), Number(end)];
}

/** Compares an answer with the status that it has: a file or a part is exact, and any other answer has no byte of the file. */
function compare({ status, headers, bytes }: Answer, part: ReturnType<typeof partOf>): void {
  const sent = status === 200 ? CONTENT : status === 206 && Array.isArray(part) ? CONTENT.slice(part[0], part[1] + 1) : undefined;
  const contentRange = status === 206 && Array.isArray(part) ? `bytes ${part[0]}-${part[1]}/${CONTENT.length}` : status === 416 ? `bytes */${CONTENT.length}` : undefined;
  expect(headers['content-range']).toBe(contentRange);
  if (sent !== undefined) expect([bytes.toString(), headers['content-length']]).toEqual([sent, String(sent.length)]);
  else expect(status === 304 ? bytes.length : JSON.parse(bytes.toString()).error.status).toBe(status === 304 ? 0 : status);
}

const askEverywhere = (headers: Record<string, string>) =>
  Promise.all([plugin.ask('/uploads/kept.bin', headers), fromMemory.ask('/uploads/kept.bin', headers), plugin.ask('/uploads/plain.bin', headers)]);

test('any range gets from S3, memory and the disk the part that the standard grants', async () => {
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(ranges, async (range) => {
      const part = partOf(range);
      for (const answer of await askEverywhere({ range })) {
        expect(answer.status).toBe(part === undefined ? 200 : part === 'none' ? 416 : 206);
        compare(answer, part);
        seen.add(answer.status);
      }
    }),
    runs(300),
  );
  expect([...seen].sort()).toEqual([200, 206, 416]);
});

test('any conditions get an answer that the standard has, and the same from S3 and from memory', async () => {
  const tags = fc.constantFrom('"x"', 'W/"x"', '*', '"', 'W/', '"x', '', ',', '"x", *', 'w/"x"', '\xff', 'Fri, 02 Jan 2026 03:04:05 GMT', 'Friday, 02-Jan-26 03:04:05 GMT', 'Fri Jan  2 03:04:05 2026', '"'.repeat(5_000), 'W/"'.repeat(2_000));
  const value = fc.oneof(fc.constant(undefined), fc.constant(undefined), tags, headerText);
  const conditions = fc.record({ 'if-match': value, 'if-none-match': value, 'if-modified-since': value, 'if-unmodified-since': value, 'if-range': value, range: fc.option(ranges, { nil: undefined }) });
  const tag = String((await plugin.ask('/uploads/kept.bin')).headers['etag']);
  await fc.assert(
    fc.asyncProperty(conditions, fc.boolean(), async (headers, hasTag) => {
      const given = Object.fromEntries(Object.entries(headers).flatMap(([name, text]) => (text === undefined ? [] : [[name, hasTag && name !== 'range' ? text.replaceAll('"x"', tag) : text]])));
      // Node refuses headers of more than 16 KiB
      fc.pre(Object.values(given).join().length < 15_000);
      const answers = await askEverywhere(given);
      for (const answer of answers) {
        expect([200, 206, 304, 412, 416]).toContain(answer.status);
        compare(answer, partOf(given['range'] ?? ''));
      }
      expect(answers[1].status).toBe(answers[0].status);
    }),
    runs(200),
  );
  expect(plugin.failures).toEqual([]);
});

test('any name that an editor gives a file makes one valid header, and no other', async () => {
  const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), fc.constantFrom('\r\n', '\r\nX-Injected: 1', '\0', '"', '\\', '\\"', ';', '%0d%0a', '%', '/', '..', "'", '\u202e', '\u2066', '\u2028', '\u0085', '\ud83d', '\ude00', '😀', 'é', 'ÿ', 'e\u0301', '\ufeff', '; filename*=UTF-8\'\'x'));
  const names = fc.oneof({ weight: 4, arbitrary: fc.string({ unit, maxLength: 20 }) }, { weight: 1, arbitrary: fc.tuple(unit, fc.integer({ min: 1, max: 5_000 }), unit).map(([letter, times, end]) => letter.repeat(times) + end) });
  await media.put('report.pdf', CONTENT);
  editorsName = 'Report.pdf';
  const { headers: usual } = await plugin.ask('/uploads/report.pdf?download');
  await fc.assert(
    fc.asyncProperty(names, async (name) => {
      editorsName = name;
      const { status, headers, bytes } = await plugin.ask('/uploads/report.pdf?download');
      expect([status, bytes.toString()]).toEqual([200, CONTENT]);
      expect({ ...headers, date: '', 'content-disposition': '' }).toEqual({ ...usual, date: '', 'content-disposition': '' });
      // the grammar of RFC 6266, and that of RFC 8187 for the name in Unicode
      const [, plain = '', unicode = ''] = /^attachment; filename="((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"(?:; filename\*=UTF-8''((?:%[\dA-F]{2}|[\w!#$&+.^`|~-])+))?$/.exec(String(headers['content-disposition'])) ?? [];
      expect(plain).not.toBe('');
      expect(decodeURIComponent(unicode)).not.toMatch(/[\p{Cc}/]/u);
      expect(String(headers['content-disposition']).length).toBeLessThan(3_500);
    }),
    runs(300),
  );
  expect(plugin.failures).toEqual([]);
});

test('any query gets the file, and a query of downloads gets it as a download', async () => {
  const words = fc.constantFrom('download', 'download', '=', '=', '&', '&', '[', ']', '[]', '%', '%00', '%ff', '%0d%0aX-Injected:%201', '__proto__', 'x', '?', '+', ';', 'a=1&'.repeat(1_500));
  await fc.assert(
    fc.asyncProperty(fc.array(words, { maxLength: 8 }), async (query) => {
      editorsName = 'Report.pdf';
      const { status, headers, bytes } = await plugin.ask(`/uploads/kept.bin?${query.join('').slice(0, 14_000)}`);
      expect([status, bytes.toString(), headers['x-injected']]).toEqual([200, CONTENT, undefined]);
      expect([undefined, 'attachment; filename="Report.pdf"']).toContain(headers['content-disposition']);
    }),
    runs(150),
  );
  expect(plugin.failures).toEqual([]);
});

import { Readable } from 'node:stream';
import type { Core } from '@strapi/strapi';
import { carryAllFiles } from '../../../server/src/adapters/strapi/export-source';
import { ExportedFiles } from '../../../server/src/adapters/strapi/exported-files';
import { watchTransfers } from '../../../server/src/adapters/strapi/transfers';
import { StorageError } from '../../../server/src/core/errors';
import type { ObjectKey } from '../../../server/src/core/keys';
import { SpooledFile } from '../../../server/src/core/media/spooled-file';
import { WholeFiles } from '../../../server/src/core/media/whole-files';

const BYTES: Record<string, Buffer> = { 'a_1.jpg': Buffer.from('main'), 'small_a_1.jpg': Buffer.from('small'), 'logo_2.png': Buffer.from('logo') };

const PHOTO = { hash: 'a_1', ext: '.jpg', url: '/uploads/a_1.jpg', provider: 'local', formats: { small: { hash: 'small_a_1', ext: '.jpg', url: '/uploads/small_a_1.jpg' } } };

type Row = typeof PHOTO;

const namesOf = ({ hash, ext, formats }: Row): string[] => [hash + ext, ...Object.values(formats ?? {}).map((format) => format.hash + format.ext)];

interface Fixture {
  rows?: Record<string, unknown>[];
  state?: Record<string, unknown> | undefined;
  /** Says of which keys the bytes cannot be read now. */
  unreadable?: (key: string) => boolean;
  active?: boolean;
}

/** The parts of a Strapi that an export meets, with rows of one content type. */
function strapiWith({ rows = [PHOTO], state = {}, unreadable = () => false, active = true }: Fixture) {
  const asked: unknown[] = [];
  let now = 0;
  const clock = { elapsed: () => now, sleep: async (ms: number) => void (now += ms) };
  const strapi = {
    db: {
      lifecycles: { disable: () => undefined, enable: () => undefined },
      queryBuilder: () => ({ state, stream: async function* () { yield* rows; } }),
    },
    fetch: async (url: unknown) => {
      asked.push(url);
      return new Response('from the network');
    },
  };
  const reader = {
    open: async (key: ObjectKey) => {
      if (unreadable(key)) return { kind: 'unavailable' };
      const bytes = BYTES[key];
      if (!bytes) return { kind: 'unknown' };
      return { kind: 'file', facts: { size: bytes.length, etag: 'x', mime: 'image/jpeg' }, body: Readable.from([bytes]), from: 's3' };
    },
  };
  const library = {
    page: async ({ after }: { after: number }) => (after > 0 ? [] : rows.map((row, at) => ({ id: at + 1, provider: String(row['provider']), names: namesOf(row as unknown as Row) }))),
    logos: async () => [],
  };
  const files = new ExportedFiles({ files: new WholeFiles({ reader: reader as never, clock }), library, clock });
  carryAllFiles(strapi as unknown as Core.Strapi, watchTransfers(strapi as unknown as Core.Strapi), async () => (active ? files : undefined), clock);
  const streamed = async (uid: string) => {
    const out: Record<string, unknown>[] = [];
    for await (const row of (strapi.db.queryBuilder as unknown as (uid: string) => { stream(): AsyncIterable<Record<string, unknown>> })(uid).stream()) out.push(row);
    return out;
  };
  return { strapi, asked, streamed };
}

describe('while a transfer is under way', () => {
  test('Strapi fetches a local file and its formats from the plugin, once for the size and once for the bytes', async () => {
    const { strapi, streamed, asked } = strapiWith({});
    strapi.db.lifecycles.disable();
    const [row] = (await streamed('plugin::upload.file')) as [Row];
    expect(row.provider).not.toBe('local');
    for (const [url, bytes] of [[row.url, 'main'], [row.formats.small.url, 'small']] as const) {
      const size = await strapi.fetch(url);
      expect([size.status, size.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
      expect(await (await strapi.fetch(url)).text()).toBe(bytes);
    }
    expect(asked).toEqual([]);
    expect(await (await strapi.fetch('https://example.com/')).text()).toBe('from the network');
  });

  test('a file that is nowhere is one that Strapi leaves out with a warning', async () => {
    const { strapi, streamed } = strapiWith({ rows: [{ ...PHOTO, hash: 'nowhere' }] });
    strapi.db.lifecycles.disable();
    const [row] = (await streamed('plugin::upload.file')) as [Row];
    await expect(strapi.fetch(row.url)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('an export of files that cannot be read now fails before the first file, and names them', async () => {
    const { strapi, streamed } = strapiWith({ unreadable: () => true });
    strapi.db.lifecycles.disable();
    await expect(streamed('plugin::upload.file')).rejects.toThrow(/2 files cannot be read now: "a_1\.jpg", "small_a_1\.jpg"\. The export ends here and is not complete/);
  });

  test('an export names twenty files of many, and says how many others there are', async () => {
    const rows = Array.from({ length: 30 }, (_, at) => ({ hash: `b_${String(at).padStart(2, '0')}`, ext: '.txt', url: `/uploads/b_${at}.txt`, provider: 'local' }));
    const { strapi, streamed } = strapiWith({ rows, unreadable: (key) => key !== 'b_03.txt' });
    strapi.db.lifecycles.disable();
    await expect(streamed('plugin::upload.file')).rejects.toThrow(/29 files cannot be read now: ("b_\d\d\.txt"(, )?){20} and 9 others\./);
  });

  test('a file that could not be read at the first look only does not fail the export', async () => {
    const looks = new Map<string, number>();
    const { strapi, streamed } = strapiWith({ unreadable: (key) => looks.set(key, (looks.get(key) ?? 0) + 1).get(key) === 1 });
    strapi.db.lifecycles.disable();
    expect(await streamed('plugin::upload.file')).toHaveLength(1);
  });

  test('S3 that goes away in the middle of an export fails it, and the error names this file and the others', async () => {
    let isAway = false;
    const { strapi, streamed } = strapiWith({ unreadable: () => isAway });
    strapi.db.lifecycles.disable();
    const [row] = (await streamed('plugin::upload.file')) as [Row];
    isAway = true;
    await expect(strapi.fetch(row.formats.small.url)).rejects.toThrow(/2 files cannot be read now: "small_a_1\.jpg", "a_1\.jpg"/);
  });

  test.each<[string, Fixture]>([
    ['of another provider', { rows: [{ ...PHOTO, provider: 'aws-s3', url: 'https://bucket.example.com/a_1.jpg' }] }],
    ['whose name the plugin never stores', { rows: [{ ...PHOTO, hash: '../a' }] }],
    ['that is read with its relations', { state: { populate: { folder: true } } }],
    ['that an import deletes in its transaction', { state: { transaction: {} } }],
    ['of a library that the plugin has nothing to do with', { active: false }],
  ])('a row %s stays as it is', async (_what, fixture) => {
    const { strapi, streamed } = strapiWith(fixture);
    strapi.db.lifecycles.disable();
    expect(await streamed('plugin::upload.file')).toEqual(fixture.rows ?? [PHOTO]);
  });

  test('a logo of the admin panel is fetched from the plugin if the plugin has it', async () => {
    const value = JSON.stringify({ menuLogo: { hash: 'logo_2', ext: '.png', url: '/uploads/logo_2.png' }, authLogo: { hash: 'other', ext: '.png', url: '/uploads/other.png' } });
    const { strapi, streamed } = strapiWith({ rows: [{ key: 'core_admin_project-settings', value }, { key: 'another', value: '{}' }] });
    strapi.db.lifecycles.disable();
    const [row, another] = (await streamed('strapi::core-store')) as { value: string }[];
    const { menuLogo, authLogo } = JSON.parse(row!.value) as Record<string, { url: string }>;
    expect(await (await strapi.fetch(menuLogo!.url)).text()).toBe('logo');
    expect(authLogo!.url).toBe('/uploads/other.png');
    expect(another!.value).toBe('{}');
  });

  test('a Strapi that builds its queries in another way fails the export instead of leaving files out', async () => {
    const { strapi, streamed } = strapiWith({ state: null as never });
    strapi.db.lifecycles.disable();
    await expect(streamed('plugin::upload.file')).rejects.toThrow('the export would lack files');
  });
});

test('rows stay as they are while no transfer is under way', async () => {
  const { strapi, streamed } = strapiWith({});
  expect(await streamed('plugin::upload.file')).toEqual([PHOTO]);
  strapi.db.lifecycles.disable();
  strapi.db.lifecycles.enable();
  expect(await streamed('plugin::upload.file')).toEqual([PHOTO]);
});

describe('a whole file', () => {
  const LARGE = 9 * 1024 * 1024;

  function large(breaks: number) {
    const bytes = Buffer.alloc(LARGE, 'x');
    const opened: number[] = [];
    const open = async (_key: ObjectKey, plan: (facts: unknown) => { bytes: string; range?: { start: number } }) => {
      const facts = { size: LARGE, etag: 'tag', mime: null };
      const wanted = plan(facts);
      if (wanted.bytes === 'check') return { kind: 'file', facts, body: null, from: 's3' };
      const start = wanted.range?.start ?? 0;
      opened.push(start);
      const isBroken = opened.length <= breaks;
      return {
        kind: 'file', facts, from: 's3',
        body: Readable.from((async function* () {
          if (start < 5 * 1024 * 1024) yield bytes.subarray(start, isBroken ? start + 1024 * 1024 : undefined);
          if (isBroken) throw new StorageError('UNREACHABLE');
        })()),
      };
    };
    return { files: new WholeFiles({ reader: { open } as never, clock: { sleep: async () => undefined } }), opened };
  }

  test('whose bytes are not the ones that the ledger knows is refused', async () => {
    const open = async () => ({ kind: 'file', facts: { size: 3, etag: '0'.repeat(32), mime: null }, body: Readable.from([Buffer.from('abc')]), from: 'disk' });
    const files = new WholeFiles({ reader: { open } as never, clock: { sleep: async () => undefined } });
    await expect(files.find('a' as ObjectKey)).rejects.toMatchObject({ code: 'INTEGRITY' });
  });

  test('that is large is read on behind the last byte when the connection breaks', async () => {
    const { files, opened } = large(3);
    let size = 0;
    for await (const piece of (await files.find('a' as ObjectKey))!.read()) size += piece.length;
    expect([size, opened]).toEqual([LARGE, [0, 1, 2, 3].map((at) => at * 1024 * 1024)]);
  });

  test('that is large and cannot be read to its end is refused before its first byte is given out', async () => {
    const { files } = large(Infinity);
    await expect(files.find('a' as ObjectKey)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  test('that is large and has no room in the temporary folder is refused with words for people', async () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const of = jest.spyOn(SpooledFile, 'of').mockRejectedValue(full);
    await expect(large(0).files.find('a' as ObjectKey)).rejects.toThrow(/the file "a" could not be exported.*\(no space left on device\).*TMPDIR/);
    of.mockRestore();
  });
});

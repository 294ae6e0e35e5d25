import { mediaCatalog } from '../../../server/src/adapters/strapi/media-catalog';
import { candidateHashes, isAtItsPlace, oddNamesOf, type ListedPart } from '../../../server/src/adapters/strapi/library-names';
import { parseKey } from '../../../server/src/core/keys';
import { strapiFiles, type FileRow } from '../../support/strapi-files';

const FILES = 1_700;
const LONG_AGO = new Date('2020-01-01');
/** One of the longest names that visitors can ask for. Each dot and each underscore in it may end or begin a part. */
const HOSTILE = `a${'_x.'.repeat(340)}`;
const keys = (...names: string[]) => names.map(parseKey);

function clockAt(start: Date) {
  const state = { now: start.getTime() };
  return { state, clock: { now: () => state.now, elapsed: () => state.now, sleep: (_ms: number, signal?: AbortSignal) => new Promise<void>((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))) } };
}

/** A library of numbered images, each with one format whose name has nothing of its file's name. */
function library({ logo = null, odd = true }: { logo?: ListedPart | null; odd?: boolean } = {}) {
  const formatsOf = (id: number): FileRow['formats'] => (odd ? { cover: { hash: `cover-${id}`, ext: '.webp' }, none: null } : { thumbnail: { hash: `thumbnail_photo_${id}`, ext: null } });
  const rows: FileRow[] = Array.from({ length: FILES }, (_, index) => index + 1).map((id) => ({
    id, provider: 'local', hash: `photo_${id}`, ext: null, url: `/uploads/photo_${id}`, updatedAt: LONG_AGO,
    formats: formatsOf(id),
  }));
  const { clock, state } = clockAt(new Date('2026-01-01'));
  const files = strapiFiles(rows, logo);
  return { ...files, rows, state, catalog: mediaCatalog(files.strapi, clock) };
}

const idsRead = ({ where }: { where: Record<string, Record<string, unknown>> }) => where['id']?.['$gt'];

describe('the candidate hashes of a key', () => {
  test('include the hash of a main file', () => {
    expect(candidateHashes('photo_1a2b.png')).toContain('photo_1a2b');
  });

  test('include the hash of the file for the key of a format, whatever the format is called', () => {
    expect(candidateHashes('thumbnail_photo_1a2b.png')).toContain('photo_1a2b');
    expect(candidateHashes('extra_large_photo_1a2b.png')).toContain('photo_1a2b');
    expect(candidateHashes(`${'very_'.repeat(8)}photo_1a2b.png`)).toContain('photo_1a2b');
  });

  test('include the hash of a file without an extension, and hashes with dots', () => {
    expect(candidateHashes('readme_1a2b')).toContain('readme_1a2b');
    expect(candidateHashes('v1.2_1a2b.tar')).toContain('v1.2_1a2b');
    expect(candidateHashes('all_1a2b.tar.gz')).toContain('all_1a2b');
  });

  test('are few, however long the key is', () => {
    expect(candidateHashes(HOSTILE).length).toBeLessThanOrEqual(27);
    expect(candidateHashes('_'.repeat(1024)).length).toBeLessThanOrEqual(9);
    expect(candidateHashes('.'.repeat(1024)).length).toBeLessThanOrEqual(3);
  });

  test('do not lead to odd names, which are listed apart', () => {
    const file = { id: 1, provider: 'local', hash: 'photo_1', ext: '.png', url: '/uploads/photo_1.png' };
    const formats = {
      thumbnail: { hash: 'thumbnail_photo_1', ext: '.png', url: '/uploads/thumbnail_photo_1.png' },
      cover: { hash: 'cover-1', ext: '.webp' },
      ['very_'.repeat(9)]: { hash: `${'very_'.repeat(9)}photo_1`, ext: '.png' },
      dotted: { hash: 'small_photo_1', ext: '.a.b.c' },
    };
    expect(oddNamesOf({ ...file, formats })).toEqual(['cover-1.webp', `${'very_'.repeat(9)}photo_1.png`, 'small_photo_1.a.b.c']);
  });
});

describe('where a file lies by its URL', () => {
  test.each([
    ['/uploads/x_1.png', true],
    [null, true],
    ['/uploads/x%5F1.png', true],
    ['/uploads/2023/05/x_1.png', false],
    ['/uploads/other.png', false],
    ['/files/x_1.png', false],
    ['https://elsewhere.example/uploads/x_1.png', false],
  ])('the URL %s counts as its plain path: %s', (url, expected) => {
    expect(isAtItsPlace({ hash: 'x_1', ext: '.png', url })).toBe(expected);
  });

  test('a page lists a file that lies elsewhere apart, and the file counts as listed under both names', async () => {
    const row: FileRow = { id: 1, provider: 'local', hash: 'x_1', ext: '.png', url: '/uploads/2023/05/x.png', formats: null, updatedAt: LONG_AGO };
    const catalog = mediaCatalog(strapiFiles([row]).strapi);
    expect(await catalog.page({ after: 0, limit: 10, maxId: null })).toEqual([{ id: 1, provider: 'local', names: [], otherUrls: ['/uploads/2023/05/x.png'] }]);
    expect(await catalog.listedAnywhere(keys('x_1.png', '2023/05/x.png', 'x.png'))).toEqual(new Set(['x_1.png', '2023/05/x.png']));
  });
});

describe('the name that an editor gave a file', () => {
  const named = { hash: 'photo_1', ext: '.png', name: 'Summer.png' };
  const formats = { thumbnail: { hash: 'thumbnail_photo_1', ext: '.png', name: 'thumbnail_Summer.png' }, small: { hash: 'small_photo_1', ext: '.png' } };
  const row = { id: 1, provider: 'local', ...named, url: '/uploads/photo_1.png', formats, updatedAt: LONG_AGO } as FileRow;

  test.each([
    ['photo_1.png', 'Summer.png'],
    ['thumbnail_photo_1.png', 'thumbnail_Summer.png'],
    ['small_photo_1.png', 'small_Summer.png'],
    ['photo_1.jpg', undefined],
    ['unknown.png', undefined],
  ])('of %s is %s', async (key, name) => {
    expect(await mediaCatalog(strapiFiles([row]).strapi).originalName(keys(key)[0]!)).toBe(name);
  });
});

describe('listed', () => {
  test('asks one query with at most 27 candidates for an unknown name, whatever its length', async () => {
    const { catalog, queries } = library();
    await catalog.listedAnywhere(keys('nowhere.png'));
    for (const name of ['img_4711.jpg', HOSTILE, '_'.repeat(1024)]) {
      queries.length = 0;
      expect(await catalog.listed(keys(name))).toEqual(new Set());
      expect(queries).toHaveLength(1);
      expect((queries[0]?.where['hash']?.['$in'] as string[]).length).toBeLessThanOrEqual(27);
    }
  });

  test('finds files, formats, odd names and logos', async () => {
    const { catalog } = library({ logo: { hash: 'brand', ext: '.svg' } });
    catalog.prepare();
    const asked = keys('photo_3', 'cover-3.webp', 'brand.svg', 'cover-3.png', 'photo_0');
    expect(await catalog.listed(asked)).toEqual(new Set(['photo_3', 'cover-3.webp', 'brand.svg']));
  });

  test('is unavailable while only the first look at the whole library can tell whether a name is listed', async () => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const { strapi } = strapiFiles(library().rows, null, (query) => ('id' in query.where ? gate : undefined));
    const impatient = { now: Date.now, elapsed: () => 0, sleep: async () => undefined };
    const early = mediaCatalog(strapi, impatient);
    early.prepare();
    await expect(early.listed(keys('cover-3.webp'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await early.listed(keys('photo_3'))).toEqual(new Set(['photo_3']));
    await expect(early.listedAnywhere(keys('cover-3.webp'), { patienceMs: 1_000 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    go();
    expect(await early.listedAnywhere(keys('cover-3.webp'))).toEqual(new Set(['cover-3.webp']));
    expect(await early.listed(keys('cover-4.webp', 'nowhere.png'))).toEqual(new Set(['cover-4.webp']));
  });
});

describe('listedAnywhere', () => {
  test('finds the name of any file, format or logo, wherever in the library, and nothing else', async () => {
    const { catalog, queries } = library({ logo: { hash: 'brand', ext: '.svg' } });
    const asked = keys('cover-1.webp', `cover-${FILES}.webp`, 'photo_501', 'brand.svg', 'cover-1', 'cover-0.webp');
    expect([...(await catalog.listedAnywhere(asked))].sort()).toEqual(['brand.svg', 'cover-1.webp', `cover-${FILES}.webp`, 'photo_501']);
    expect(queries.map(idsRead).filter((after) => after !== undefined)).toEqual([0, 500, 1_000, 1_500]);
  });

  test('does not read the whole library again after the first time', async () => {
    const { catalog, queries } = library();
    await catalog.listedAnywhere(keys('nowhere.png'));
    for (const name of ['nowhere.png', 'cover-600.webp', 'photo_2']) {
      queries.length = 0;
      await catalog.listedAnywhere(keys(name));
      expect(queries.length).toBeLessThanOrEqual(4);
      expect(queries.every(({ where }) => where['id']?.['$gt'] === undefined || where['id']['$gt'] === FILES)).toBe(true);
    }
  });

  test('sees what Strapi has written since the last look, be the file new or an old one', async () => {
    const { catalog, rows, state } = library({ odd: false });
    expect(await catalog.listedAnywhere(keys('cover-new.webp', 'cover-old.webp'))).toEqual(new Set());
    state.now += 60_000;
    const cover = (name: string) => ({ cover: { hash: name, ext: '.webp' } });
    rows.push({ ...rows[0]!, id: FILES + 1, hash: 'new', url: '/uploads/new', formats: cover('cover-new'), updatedAt: new Date(state.now) });
    Object.assign(rows[700]!, { formats: cover('cover-old'), updatedAt: new Date(state.now) });
    expect(await catalog.listedAnywhere(keys('cover-new.webp', 'cover-old.webp'))).toEqual(new Set(['cover-new.webp', 'cover-old.webp']));
    // a format that is listed no more is not found
    rows.pop();
    expect(await catalog.listedAnywhere(keys('cover-new.webp'))).toEqual(new Set());
  });

  test('reads files that were written lately again once, and not for each question', async () => {
    const { catalog, rows, queries, state } = library({ odd: false });
    for (const row of rows) row.updatedAt = new Date(state.now);
    await catalog.listedAnywhere(keys('nowhere.png'));
    state.now += 60_000;
    await catalog.listedAnywhere(keys('nowhere.png'));
    queries.length = 0;
    Object.assign(rows[700]!, { formats: { cover: { hash: 'cover-old', ext: '.webp' } }, updatedAt: new Date(state.now) });
    expect(await catalog.listedAnywhere(keys('cover-old.webp'))).toEqual(new Set(['cover-old.webp']));
    expect(queries.filter(({ where }) => where['id']?.['$in'] !== undefined).map(({ where }) => (where['id']?.['$in'] as number[]).length)).toEqual([1, 1]);
  });

  test('sees a change behind Strapi’s back after some hours, or at once when asked to look again', async () => {
    const { catalog, rows, state } = library({ odd: false });
    await catalog.listedAnywhere(keys('nowhere.png'));
    rows[700]!.formats = { cover: { hash: 'cover-quiet', ext: '.webp' } };
    expect(await catalog.listedAnywhere(keys('cover-quiet.webp'), { rescan: true })).toEqual(new Set(['cover-quiet.webp']));
    rows[900]!.formats = { cover: { hash: 'cover-later', ext: '.webp' } };
    state.now += 6 * 3600_000 + 1;
    expect(await catalog.listedAnywhere(keys('cover-later.webp'))).toEqual(new Set(['cover-later.webp']));
  });

  test('never answers from a look at the library that began before the question', async () => {
    const { catalog, rows, state } = library({ odd: false });
    const first = catalog.listedAnywhere(keys('nowhere.png'));
    await new Promise(setImmediate);
    // the first look has read this row's page already
    rows[0]!.formats = { cover: { hash: 'cover-late', ext: '.webp' } };
    rows[0]!.updatedAt = new Date(state.now);
    const second = catalog.listedAnywhere(keys('cover-late.webp'));
    expect(await first).toEqual(new Set());
    expect(await second).toEqual(new Set(['cover-late.webp']));
  });

  test('lets the process do other things between two pages', async () => {
    const { catalog, queries } = library();
    const pages = () => queries.filter(({ where }) => where['id'] !== undefined).length;
    const seen = new Set<number>();
    const look = () => {
      seen.add(pages());
      if (pages() < 3) setImmediate(look);
    };
    setImmediate(look);
    await catalog.listedAnywhere(keys('nowhere.png'));
    expect([...seen]).toEqual([1, 2, 3]);
  });
});

import type { Core } from '@strapi/strapi';
import { candidateHashes, mediaCatalog } from '../../server/src/adapters/media-catalog';
import { parseKey } from '../../server/src/core/keys';

test('the hash of a main file is among the candidates of its key', () => {
  expect(candidateHashes('photo_1a2b.png')).toContain('photo_1a2b');
});

test('the hash of the file is among the candidates of its formats’ keys, whatever the format is called', () => {
  expect(candidateHashes('thumbnail_photo_1a2b.png')).toContain('photo_1a2b');
  expect(candidateHashes('extra_large_photo_1a2b.png')).toContain('photo_1a2b');
});

test('a file without extension, and hashes with dots, are found', () => {
  expect(candidateHashes('readme_1a2b')).toContain('readme_1a2b');
  expect(candidateHashes('v1.2_1a2b.tar')).toContain('v1.2_1a2b');
});

describe('listedAnywhere', () => {
  const FILES = 1_700;
  interface Page {
    where: { id: { $gt: number } };
    limit: number;
  }

  /** A library of numbered images, whose only format is named after nothing of its file's. */
  const library = (logo: object | null = null) => {
    const pages: Page[] = [];
    const findMany = async (page: Page) => {
      pages.push(page);
      const ids = Array.from({ length: Math.min(page.limit, FILES - page.where.id.$gt) }, (_, index) => page.where.id.$gt + 1 + index);
      return ids.map((id) => ({ id, provider: 'local', hash: `photo_${id}`, ext: null, formats: { cover: { hash: `cover-${id}`, ext: '.webp' }, none: null } }));
    };
    const strapi = { db: { query: () => ({ findMany }) }, store: () => ({ get: async () => ({ menuLogo: logo, authLogo: null }) }) };
    return { catalog: mediaCatalog(strapi as unknown as Core.Strapi), pages };
  };
  const keys = (...names: string[]) => names.map(parseKey);

  test('finds what any file or format is named like, wherever in the library, and nothing else', async () => {
    const { catalog, pages } = library({ hash: 'brand', ext: '.svg' });
    const asked = keys('cover-1.webp', `cover-${FILES}.webp`, 'photo_501', 'brand.svg', 'cover-1', 'cover-0.webp');
    expect([...(await catalog.listedAnywhere(asked))].sort()).toEqual(['brand.svg', 'cover-1.webp', `cover-${FILES}.webp`, 'photo_501']);
    expect(pages.map(({ where }) => where.id.$gt)).toEqual([0, 500, 1_000, 1_500]);
  });

  test('goes no further than it has to', async () => {
    const { catalog, pages } = library({ hash: 'brand', ext: '.svg' });
    for (const [asked, read] of [[[], 0], [['brand.svg'], 0], [['cover-600.webp', 'photo_2'], 2]] as const) {
      pages.length = 0;
      expect(await catalog.listedAnywhere(keys(...asked))).toEqual(new Set(asked));
      expect(pages).toHaveLength(read);
    }
  });

  test('lets the process do other things between two pages', async () => {
    const { catalog, pages } = library();
    const seen = new Set<number>();
    const look = () => {
      seen.add(pages.length);
      if (pages.length < 4) setImmediate(look);
    };
    setImmediate(look);
    await catalog.listedAnywhere(keys('nowhere.png'));
    expect([...seen]).toEqual([1, 2, 3, 4]);
  });
});

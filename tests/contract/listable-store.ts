import type { BucketStore, ListedObject } from '../../server/src/core/store/listable-store';
import type { MemoryObjectStore } from '../../server/src/core/memory/object-store';
import { bodyOf } from '../support/bodies';

type Listing = Pick<BucketStore, 'put' | 'delete' | 'head' | 'list'> | MemoryObjectStore;

/**
 * Everything the port `ListableStore` promises, as tests.
 * @param make answers an empty store, before each test
 * @param gaps answers the titles of checks that the server behind it is known not to stand, with the reason; they are passed over
 */
export function listableStoreContract(name: string, make: () => Promise<Listing> | Listing, gaps: () => Readonly<Record<string, string>> = () => ({})): void {
  describe(`${name} keeps the contract of listings`, () => {
    let store: Listing;
    beforeEach(async () => {
      store = await make();
    });
    const all = async (prefix: string, limit: number): Promise<ListedObject[]> => {
      const objects: ListedObject[] = [];
      let after: string | undefined;
      do {
        const page = await store.list(prefix, { after, limit });
        expect(page.objects.length).toBeLessThanOrEqual(limit);
        objects.push(...page.objects);
        after = page.next ?? undefined;
      } while (after !== undefined);
      return objects;
    };

    const check = (title: string, work: () => Promise<void>) =>
      test(title, async () => {
        const reason = gaps()[title];
        if (reason === undefined) await work();
        else process.stdout.write(`passed over on this server: ${title} (${reason})\n`);
      });

    test('nothing is one empty page', async () => {
      expect(await store.list('', { limit: 10 })).toEqual({ objects: [], next: null });
    });

    for (const limit of [1, 2, 3, 7, 1000]) {
      check(`every object once, in pages of ${limit}`, async () => {
        const names = ['a.png', 'b.png', 'b/c.png', 'd.png', 'e.png', 'f.png', 'g.png'];
        for (const object of names) await store.put(object, bodyOf(object));
        expect((await all('', limit)).map((object) => object.name).sort()).toEqual([...names].sort());
      });
    }

    test('only what begins with the prefix', async () => {
      for (const object of ['media/a.png', 'media/b/c.png', 'mediab.png', 'a.png']) await store.put(object, bodyOf('x'));
      expect((await all('media/', 10)).map((object) => object.name)).toEqual(['media/a.png', 'media/b/c.png']);
    });

    test('sizes and tags as HEAD answers them', async () => {
      await store.put('a.png', bodyOf('some bytes'));
      const { size, etag } = await store.head('a.png');
      expect(await all('', 10)).toEqual([expect.objectContaining({ name: 'a.png', size, etag })]);
    });

    for (const object of ['ä ö.png', 'a+b&c%d.png', '日本語/ファイル.png', 'e\u0301.png', '<tag>"quoted".png', '%2B.png']) {
      check(`the name ${object} comes as it was given`, async () => {
        await store.put(object, bodyOf('x'));
        expect((await all('', 10)).map(({ name: listed }) => listed)).toEqual([object]);
        expect(await all(object, 10)).toHaveLength(1);
      });
    }

    test('an aborted listing is refused', async () => {
      await expect(store.list('', { limit: 10, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    });
  });
}

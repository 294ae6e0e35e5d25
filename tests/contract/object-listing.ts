import assert from 'node:assert/strict';
import type { ListedObject, ObjectStore } from '../../server/src/core/store/object-store';
import { bodyOf } from '../support/bodies';
import { type ContractCheck, failsWith, type Gaps, storeSuite } from './object-store';

const check = (title: string, run: (store: ObjectStore) => Promise<void>): ContractCheck<ObjectStore> => ({ title, run });

async function all(store: ObjectStore, prefix: string, limit: number): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  let after: string | undefined;
  do {
    const page = await store.list(prefix, { after, limit });
    assert.ok(page.objects.length <= limit, `${page.objects.length} objects on a page of ${limit}`);
    objects.push(...page.objects);
    assert.ok(objects.length < 100, 'the listing does not end');
    after = page.next ?? undefined;
  } while (after !== undefined);
  return objects;
}

const namesOf = (objects: readonly ListedObject[]): string[] => objects.map(({ name }) => name);
const NAMES = ['a.png', 'b.png', 'b/c.png', 'd.png', 'e.png', 'f.png', 'g.png'];
const ODD = ['ä ö.png', 'a+b&c%d.png', '日本語/ファイル.png', 'e\u0301.png', '<tag>"quoted".png', '%2B.png'];

/** Everything that `ObjectStore.list` promises. Each check needs an empty store. */
export const LISTING_CHECKS: readonly ContractCheck<ObjectStore>[] = [
  check('an empty store is listed as one empty page', async (store) => {
    assert.deepEqual(await store.list('', { limit: 10 }), { objects: [], next: null });
  }),
  ...[1, 2, 3, 7, 1000].map((limit) =>
    check(`every object is listed once in pages of ${limit}`, async (store) => {
      for (const object of NAMES) await store.put(object, bodyOf(object));
      assert.deepEqual(namesOf(await all(store, '', limit)).sort(), [...NAMES].sort());
    }),
  ),
  check('only objects whose name begins with the prefix are listed', async (store) => {
    for (const object of ['media/a.png', 'media/b/c.png', 'mediab.png', 'a.png']) await store.put(object, bodyOf('x'));
    assert.deepEqual(namesOf(await all(store, 'media/', 10)), ['media/a.png', 'media/b/c.png']);
  }),
  check('sizes and ETags are listed as HEAD answers them', async (store) => {
    await store.put('a.png', bodyOf('some bytes'));
    const { size, etag } = await store.head('a.png');
    const listed = await all(store, '', 10);
    assert.deepEqual(listed.map((object) => [object.name, object.size, object.etag]), [['a.png', size, etag]]);
  }),
  ...ODD.map((object) =>
    check(`the name ${object} is listed as it was given`, async (store) => {
      await store.put(object, bodyOf('x'));
      assert.deepEqual(namesOf(await all(store, '', 10)), [object]);
      assert.equal((await all(store, object, 10)).length, 1);
    }),
  ),
  check('an aborted listing is refused', async (store) => {
    await failsWith('ABORTED', store.list('', { limit: 10, signal: AbortSignal.abort() }));
  }),
];

/** The contract of listings as a Jest suite for one kind of store. @param make returns an empty store before each test */
export function objectListingContract(name: string, make: () => Promise<ObjectStore> | ObjectStore, gaps?: Gaps): void {
  storeSuite(`${name} keeps the contract of listings`, LISTING_CHECKS, make, { gaps, fresh: true });
}

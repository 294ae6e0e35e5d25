import fc from 'fast-check';
import { keysOfObjectName, ownObjectName, parseKey, plainObjectName } from '../../server/src/core/keys';

const part = fc.string({ unit: fc.constantFrom('a', 'é', '7', '.', '-', ' ', '1234567890123'), minLength: 1, maxLength: 6 });
const keys = fc
  .array(part, { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('/'))
  .filter((text) => !text.split('/').some((segment) => segment.startsWith('.')))
  .map(parseKey);
const prefixes = fc.constantFrom('', 'media/', 'a.b/1234567890123');
const ids = fc.integer({ min: 1, max: 1e12 });

test('keysOfObjectName finds the key of a plain or an own name among 3 candidates at most', () => {
  fc.assert(
    fc.property(keys, prefixes, ids, (key, prefix, id) => {
      for (const name of [plainObjectName(prefix, key), ownObjectName(prefix, key, id, '012345678')]) {
        const candidates = keysOfObjectName(prefix, name);
        expect(candidates).toContain(key);
        expect(candidates.length).toBeLessThanOrEqual(3);
      }
    }),
  );
});

test.each([
  ['outside the prefix', 'media/', 'other/a.png'],
  ['that is only the prefix', 'media/', 'media/'],
  ['that the plugin keeps for itself', '', '.s3-storage-owner.json'],
  ['with an empty segment', '', 'a//b.png'],
])('an object name %s belongs to no key', (_what, prefix, name) => {
  expect(keysOfObjectName(prefix, name)).toEqual([]);
});

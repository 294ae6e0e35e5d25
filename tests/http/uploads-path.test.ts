import { isInOwnFolder, keyOrUndefined, pathBelowUploads } from '../../server/src/http/uploads-path';

const keyOf = (path: string) => keyOrUndefined(pathBelowUploads(path)!);

test.each([
  ['/uploads/a.png', 'a.png'],
  ['/uploads/%61.png', 'a.png'],
  ['/%75ploads/a.png', 'a.png'],
  ['/uploads//a.png', 'a.png'],
  ['//uploads/a.png', 'a.png'],
  ['/uploads/./a.png', 'a.png'],
  ['/uploads/%2e/a.png', 'a.png'],
  ['/uploads/x/../a.png', 'a.png'],
  ['/uploads/x%2F..%2Fa.png', 'a.png'],
  ['/x/..%2fuploads/a.png', 'a.png'],
  ['/uploads%2Fa.png', 'a.png'],
  ['/uploads%5Ca.png', 'a.png'],
  ['/UPLOADS/a.png', 'a.png'],
  ['/uploads/caf%C3%A9 1+2.png', 'café 1+2.png'],
  ['/uploads/sub/a.png', 'sub/a.png'],
])('the path %s means the key %s', (path, key) => {
  expect(keyOf(path)).toBe(key);
  expect(isInOwnFolder(pathBelowUploads(path)!)).toBe(false);
});

test.each(['/uploads/.hidden/a.png', '/uploads/a%00.png', '/uploads', '/uploads/', '/uploads/a/', '/uploads/a.%252e%252e', '/uploads/%252e%252e%252fa.png', `/uploads/${'a'.repeat(1025)}`])(
  'the path %s means no key',
  (path) => {
    expect(keyOf(path)).toBeUndefined();
  },
);

test.each(['/uploads/.s3-storage/a.png', '/uploads/%2es3-storage/volume', '/uploads/.S3-Storage/a.png', '/uploads/x/..%2f.s3-storage', '//uploads//.s3-storage//a.png'])(
  'the path %s leads into the plugin’s own folder',
  (path) => {
    expect(isInOwnFolder(pathBelowUploads(path)!)).toBe(true);
  },
);

test.each(['/', '/admin', '/uploads/../package.json', '/uploads/%2e%2e/package.json', '/uploadsx/a.png', '/uploads/%E0%A4%A'])('the path %s does not count as one below /uploads', (path) => {
  expect(pathBelowUploads(path)).toBeUndefined();
});

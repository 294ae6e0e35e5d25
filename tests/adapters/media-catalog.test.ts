import { candidateHashes } from '../../server/src/adapters/media-catalog';

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

import { printable } from '../../server/src/core/errors';

test.each([
  ['a control character', 'a\u0007b'],
  ['a line end', 'a\nb'],
  ['a Unicode line separator', 'a\u2028b'],
  ['an override of the text direction', 'x.jpg\u202egnp'],
  ['an isolate of the text direction', 'a\u2066b\u2069'],
  ['marks of the text direction', 'a\u200eb\u200fc\u061cd'],
])('%s does not reach a log or a terminal', (_what, text) => {
  expect(printable(text)).not.toMatch(/[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
});

test('names in several scripts stay as people write them', () => {
  for (const text of ['photo_1.jpg', 'صورة.jpg', '写真 (1).webp']) expect(printable(text)).toBe(text);
});

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { shownName } from '../../admin/src/utils/names';

test.each([
  ['x.jpg\u202egnp', 'x.jpg‹U+202E›gnp'],
  ['\u2066a\u2069.png', '‹U+2066›a‹U+2069›.png'],
  ['a\u200eb\u200fc\u061cd.txt', 'a‹U+200E›b‹U+200F›c‹U+061C›d.txt'],
  ['line\nend\u2028', 'line‹U+000A›end‹U+2028›'],
])('the name %j is shown as %s', (name, shown) => {
  expect(shownName(name)).toBe(shown);
});

test.each(['photo_1a2b.jpg', 'صورة.jpg', 'תמונה.png', '写真 (1).webp', '👩‍👩‍👧.png'])('the name %s is shown unchanged', (name) => {
  expect(shownName(name)).toBe(name);
});

test('no page of the panel shows a key or a name with its invisible characters', () => {
  const pages = path.resolve(__dirname, '../../admin/src/pages');
  const sources = readdirSync(pages, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.tsx'));
  const raw = sources.filter((file) => /^\s*\{(key|name|key \?\? name.*|entry\.key)\}\s*$/m.test(readFileSync(path.join(pages, file), 'utf8')));
  expect(raw).toEqual([]);
});

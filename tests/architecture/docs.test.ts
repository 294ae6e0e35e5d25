import { readFileSync } from 'node:fs';
import path from 'node:path';

import { anchorsOf, brokenLinks, readPages, termsOf, unknownTerms } from './docs';
import { readSources } from './imports';

const ROOT = path.resolve(__dirname, '../..');

describe('the pages do not rot', () => {
  const pages = readPages(ROOT);

  it.each(pages.map((page) => [page.file, page] as const))('every link of %s leads somewhere', (_file, page) => {
    expect(brokenLinks(page, ROOT)).toEqual([]);
  });

  it('the server’s sources use every word of the glossary', () => {
    const terms = termsOf(readFileSync(path.join(ROOT, 'docs/glossary.md'), 'utf8'));
    const sources = readSources(ROOT).filter(({ file }) => !file.startsWith('admin/'));

    expect(terms.length).toBeGreaterThan(60);
    expect(unknownTerms(terms, sources.map(({ text }) => text))).toEqual([]);
  });

  it('the glossary is in the order of the alphabet, and has each word once', () => {
    const words = termsOf(readFileSync(path.join(ROOT, 'docs/glossary.md'), 'utf8')).map(({ word }) => word);

    expect(words).toEqual([...new Set(words)].sort((one, other) => one.localeCompare(other, 'en')));
  });
});

test('the README decides in a minute: it has at most 900 words', () => {
  expect(readFileSync(path.join(ROOT, 'README.md'), 'utf8').split(/\s+/).filter(Boolean).length).toBeLessThanOrEqual(900);
});

describe('the check of the pages', () => {
  const page = (text: string) => ({ file: 'docs/x.md', text });

  it.each([
    ['a file that is not there', '[a](none.md)'],
    ['a folder that is not there', '[a](../tests/none)'],
    ['a heading that is not there', '# One\n\n[a](#two)'],
    ['a heading of another page', '[a](design.md#no-such-heading)'],
    ['a heading in a block of code', '```\n# One\n```\n\n[a](#one)'],
    ['a picture that is not there', '![a](images/none.png)'],
    ['a link with code in its text', '[`a`](none.md)'],
  ])('catches %s', (_what, text) => {
    expect(brokenLinks(page(text), ROOT)).toHaveLength(1);
  });

  it.each([
    ['a page', '[a](design.md)'],
    ['a folder', '[a](../tests/architecture)'],
    ['a heading', '# Phase 1, one `row`\n\n[a](#phase-1-one-row)'],
    ['a heading of another page', '[a](design.md#one-rule)'],
    ['another site', '[a](https://example.com/none)'],
    ['code that looks like a link', '`[a](none.md)`'],
  ])('allows %s', (_what, text) => {
    expect(brokenLinks(page(text), ROOT)).toEqual([]);
  });

  it('numbers headings that have the same text', () => {
    expect([...anchorsOf('# A\n## A')]).toEqual(['a', 'a-1']);
  });

  it('names a word that no source uses, and a code word that is gone', () => {
    const terms = termsOf('| **own name** | It is one. | `ownName`, `gone_at` | x |\n| **frob** | It is none. | | |');

    expect(unknownTerms(terms, ['// an own\n// name', 'const ownName = 1;'])).toEqual(['own name: no source has gone_at', 'frob: no source uses the word']);
  });
});

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

export interface Page {
  /** The path from the top of the repository, with forward slashes. */
  file: string;
  text: string;
}

/** The pages that people read: the README and everything in `docs/`. */
export function readPages(root: string): Page[] {
  const inDocs = readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...inDocs.map((name) => `docs/${name}`)].map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }));
}

/** The text without code, because in code a bracket is no link and a `#` is no heading. */
function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ' '));
}

/** The anchors of a page's headings, as GitHub makes them: the second heading of one text gets `-1`. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose(text).matchAll(/^#{1,6} +(.+)$/gm)) {
    const plain = heading.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
    let anchor = plain;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${plain}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The text of a file, an empty text for a folder, or undefined where nothing lies. */
function textAt(place: string): string | undefined {
  if (!existsSync(place)) return undefined;
  return statSync(place).isFile() ? readFileSync(place, 'utf8') : '';
}

/** Every relative link of a page that leads to no file or folder, or to no heading of one. */
export function brokenLinks({ file, text }: Page, root: string): string[] {
  const links = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.flatMap((link) => {
    if (/^[a-z]+:/i.test(link)) return [];
    const [target = '', anchor] = link.split('#');
    const there = target === '' ? text : textAt(path.join(root, path.dirname(file), target));
    if (there === undefined) return [`${file}: nothing lies at ${link}`];
    return anchor === undefined || anchorsOf(there).has(anchor) ? [] : [`${file}: no heading for ${link}`];
  });
}

/** One row of the glossary. */
export interface Term {
  word: string;
  /** The code words of the column that says where the word appears. */
  codeWords: string[];
}

/** The rows of the glossary's table. A row begins with its word in bold. */
export function termsOf(glossary: string): Term[] {
  return [...glossary.matchAll(/^\| \*\*(.+?)\*\* \| .+? \|(.*?)\|/gm)].map(([, word = '', where = '']) => ({
    word,
    codeWords: [...where.matchAll(/`(.+?)`/g)].map(([, code = '']) => code),
  }));
}

/** The terms of the glossary that the sources lack: a word that nobody uses, or a code word that is gone. */
export function unknownTerms(terms: readonly Term[], sources: readonly string[]): string[] {
  // a comment may break the line within a term
  const text = sources.join('\n').replace(/\s*\n\s*(?:\*|\/\/)?\s*/g, ' ');
  const lower = text.toLowerCase();
  return terms.flatMap(({ word, codeWords }) => [
    ...(lower.includes(word.toLowerCase()) ? [] : [`${word}: no source uses the word`]),
    ...codeWords.filter((code) => !text.includes(code)).map((code) => `${word}: no source has ${code}`),
  ]);
}

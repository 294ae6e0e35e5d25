/**
 * Finds the guards that the source marks, and takes one away. The comment `// guard: <slug>` stands on a line of its own before the
 * statement, the property or the operand that is the guard. A mutant names the slug, so that no rename and no new layout breaks it.
 */
import ts from 'typescript';

import type { Source } from '../architecture/imports';

/**
 * The change to the node that begins right after the marker:
 * - `remove`: the statement, or the property of an object, is not there.
 * - `later`: the statement runs after the one that follows it.
 * - `one by one`: the call is made once for each element of its first argument.
 * - `value`: this code stands in the place of what the node yields. That is the condition of an `if`, the value of a `return`, of a
 *   `const` or of a property, and an expression as a whole. A constant is best here, because a rename does not break it.
 */
export type Change = 'remove' | 'later' | 'one by one' | { readonly value: string };

interface Marker {
  readonly slug: string;
  /** The position after the comment. */
  readonly end: number;
}

const SLUG = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** The slugs of all markers in a source text, in their order. @throws Error for a slug that is not in kebab-case */
export function guardsIn(text: string): string[] {
  return markersIn(text).map(({ slug }) => slug);
}

/** The file of each guard. @throws Error for a guard that is marked twice, or whose slug is not in kebab-case */
export function guardFiles(sources: readonly Source[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const { file, text } of sources) {
    for (const slug of guardsIn(text)) {
      if (files.has(slug)) throw new Error(`the guard "${slug}" is marked twice: in ${files.get(slug)} and in ${file}`);
      files.set(slug, file);
    }
  }
  return files;
}

/**
 * The source text without one of its guards.
 * @throws Error when the marker is not there once, when no node follows it, when the change does not fit that node, or when the
 *   change names something that the text does not name: the mutant would fail for a reason of its own
 */
export function withoutGuard(text: string, slug: string, change: Change): string {
  const [marker, second] = markersIn(text).filter((one) => one.slug === slug);
  if (!marker) throw new Error(`the guard "${slug}" is not marked`);
  if (second) throw new Error(`the guard "${slug}" is marked twice`);
  const file = parse(text);
  const node = nodeAfter(file, marker);
  const wrong = (wanted: string) => new Error(`the guard "${slug}": ${JSON.stringify(change)} needs ${wanted}, and not "${node.getText(file)}"`);
  if (change === 'remove') {
    if (ts.isObjectLiteralElement(node)) return cut(text, node.getStart(file), afterComma(text, node.end));
    if (!isOneOfMany(node)) throw wrong('a statement of a block or a property');
    return cut(text, node.getStart(file), node.end);
  }
  if (change === 'later') {
    const next = isOneOfMany(node) ? node.parent.statements[node.parent.statements.indexOf(node) + 1] : undefined;
    if (!next) throw wrong('a statement that another one follows');
    return cut(cut(text, next.end, next.end, `\n${node.getText(file)}`), node.getStart(file), node.end);
  }
  if (change === 'one by one') {
    const call = callOf(node);
    const [list, ...rest] = call?.arguments ?? [];
    if (!call || !list) throw wrong('a call with an argument');
    const once = [`[one]`, ...rest.map((argument) => argument.getText(file))].join(', ');
    const awaits = ts.isExpressionStatement(node) && ts.isAwaitExpression(node.expression) ? 'await ' : '';
    const calls = `for (const one of ${list.getText(file)}) ${awaits}${call.expression.getText(file)}(${once});`;
    return cut(text, node.getStart(file), node.end, calls);
  }
  const yielded = yieldedBy(node);
  if (!yielded) throw wrong('a node that yields a value');
  const known = namesIn(file);
  const unknown = [...namesIn(parse(`(${change.value})`))].filter((name) => !known.has(name));
  if (unknown.length > 0) throw new Error(`the guard "${slug}": its mutant names ${unknown.join(', ')}, which its file does not`);
  return cut(text, yielded.getStart(file), yielded.end, `(${change.value})`);
}

function markersIn(text: string): Marker[] {
  return [...text.matchAll(/^[ \t]*\/\/[ \t]*guard:(.*)$/gm)].map((match) => {
    const slug = (match[1] ?? '').trim();
    if (!SLUG.test(slug)) throw new Error(`the guard "${slug}" needs a slug in kebab-case`);
    return { slug, end: match.index + match[0].length };
  });
}

function parse(text: string): ts.SourceFile {
  return ts.createSourceFile('guarded.ts', text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
}

/** The outermost node that begins with the first token after the marker. */
function nodeAfter(file: ts.SourceFile, { slug, end }: Marker): ts.Node {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, file.text, undefined, end);
  scanner.scan();
  const start = scanner.getTokenStart();
  // an outer node is met before those in it
  const find = (node: ts.Node): ts.Node | undefined => (node.getStart(file) === start ? node : ts.forEachChild(node, find));
  const found = ts.forEachChild(file, find);
  if (!found || found.kind === ts.SyntaxKind.EndOfFileToken) throw new Error(`the guard "${slug}": nothing follows its marker`);
  return found;
}

/** Whether the node is a statement beside others, so that the text stays a program without it. */
function isOneOfMany(node: ts.Node): node is ts.Statement & { parent: ts.BlockLike } {
  return ts.isBlock(node.parent) || ts.isSourceFile(node.parent) || ts.isCaseOrDefaultClause(node.parent);
}

function callOf(node: ts.Node): ts.CallExpression | undefined {
  if (!ts.isExpressionStatement(node)) return undefined;
  const expression = ts.isAwaitExpression(node.expression) ? node.expression.expression : node.expression;
  return ts.isCallExpression(expression) ? expression : undefined;
}

function yieldedBy(node: ts.Node): ts.Expression | undefined {
  if (ts.isIfStatement(node) || ts.isReturnStatement(node)) return node.expression;
  if (ts.isPropertyAssignment(node)) return node.initializer;
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0]?.initializer;
  return ts.isExpression(node) ? node : undefined;
}

/** Every name in a text, also those of properties. */
function namesIn(file: ts.SourceFile): Set<string> {
  const names = new Set(['undefined']);
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

function afterComma(text: string, end: number): number {
  const [comma = ''] = /^\s*,/.exec(text.slice(end)) ?? [];
  return end + comma.length;
}

function cut(text: string, start: number, end: number, instead = ''): string {
  return text.slice(0, start) + instead + text.slice(end);
}

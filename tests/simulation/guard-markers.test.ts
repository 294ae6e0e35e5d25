import { guardFiles, guardsIn, withoutGuard, type Change } from './guard-markers';

const ONE = `function f(row: Row): Row | undefined {
  // guard: the-one
  if (row.used) return undefined;
  return row;
}`;

describe('a marker', () => {
  test('is a comment on a line of its own', () => {
    expect(guardsIn(`${ONE}\nconst text = 'a // guard: no-marker';`)).toEqual(['the-one']);
  });

  test('that is missing is an error', () => {
    expect(() => withoutGuard(ONE, 'another', 'remove')).toThrow('the guard "another" is not marked');
  });

  test('that stands twice in a file is an error', () => {
    expect(() => withoutGuard(`${ONE}\n${ONE}`, 'the-one', 'remove')).toThrow('the guard "the-one" is marked twice');
  });

  test('that stands in two files is an error', () => {
    const sources = [
      { file: 'a.ts', text: ONE },
      { file: 'b.ts', text: ONE },
    ];
    expect(() => guardFiles(sources)).toThrow('the guard "the-one" is marked twice: in a.ts and in b.ts');
    expect(guardFiles(sources.slice(0, 1))).toEqual(new Map([['the-one', 'a.ts']]));
  });

  test('whose slug is not in kebab-case is an error', () => {
    expect(() => guardsIn('// guard: The one\nf();')).toThrow('the guard "The one" needs a slug in kebab-case');
  });

  test.each(['function f() {\n  g();\n  // guard: the-one\n}', 'f();\n// guard: the-one'])('that nothing follows is an error: %j', (text) => {
    expect(() => withoutGuard(text, 'the-one', 'remove')).toThrow('the guard "the-one": nothing follows its marker');
  });
});

describe('a change', () => {
  const changed = (change: Change, ...lines: string[]) =>
    withoutGuard(lines.join('\n'), 'x', change)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('//'))
      .join(' ');

  test.each<[string, Change, string[], string]>([
    ['removes a statement', 'remove', ['f();', '// guard: x', 'if (a) {', '  g();', '}', 'h();'], 'f(); h();'],
    ['removes the statement behind further comments', 'remove', ['{', '// guard: x', '// and why', 'await f(a);', '}'], '{ }'],
    ['removes a property with its comma', 'remove', ['f({', '  a,', '  // guard: x', '  b: c && d,', '  e,', '});'], 'f({ a, e, });'],
    ['removes the last property', 'remove', ['f({', '  a,', '  // guard: x', '  b: c', '});'], 'f({ a, });'],
    ['moves a statement behind the next one', 'later', ['{', '  // guard: x', '  a = 1;', '  f(a);', '  g();', '}'], '{ f(a); a = 1; g(); }'],
    ['makes a call for each element', 'one by one', ['// guard: x', 'await this.#f(a.list, b, c);'], 'for (const one of a.list) await this.#f([one], b, c);'],
    ['sets the condition of an if', { value: 'false' }, ['// guard: x', 'if (a || b) f();', 'else g();'], 'if ((false)) f(); else g();'],
    ['sets the value of a return', { value: 'true' }, ['function f(a) {', '// guard: x', 'return a === 1 && g(a);', '}'], 'function f(a) { return (true); }'],
    ['sets the value of a const', { value: '60_000' }, ['// guard: x', 'export const A = 2_000;'], 'export const A = (60_000);'],
    ['sets the value of a property', { value: 'false' }, ['f({', '// guard: x', 'a: b || c,', '});'], 'f({ a: (false), });'],
    ['sets an operand', { value: 'true' }, ['const a =', '  b &&', '  // guard: x', '  (c || d) &&', '  e;'], 'const a = b && (true) && e;'],
    ['takes the outermost node', { value: '{ kind: a }' }, ['f(a, { kind: 1 },', '  // guard: x', '  b.c(d) + e', ');'], 'f(a, { kind: 1 }, ({ kind: a }) );'],
  ])('%s', (_what, change, lines, expected) => {
    expect(changed(change, ...lines)).toBe(expected);
  });

  test.each<[Change, string, string]>([
    ['remove', 'const a = b &&\n// guard: x\nc;', 'a statement of a block or a property'],
    ['remove', 'if (a) f();\nelse\n// guard: x\ng();', 'a statement of a block or a property'],
    ['later', '{\n// guard: x\nf();\n}', 'a statement that another one follows'],
    ['one by one', '// guard: x\nf();', 'a call with an argument'],
    [{ value: 'true' }, '// guard: x\nfor (;;) f();', 'a node that yields a value'],
  ])('%j that does not fit is an error: %j', (change, text, wanted) => {
    expect(() => withoutGuard(text, 'x', change)).toThrow(`needs ${wanted}`);
  });

  test('that uses a name which its file does not have is an error', () => {
    const text = 'function f(seen) {\n// guard: x\nreturn prove(seen);\n}';
    expect(withoutGuard(text, 'x', { value: 'seen' })).toContain('return (seen);');
    expect(() => withoutGuard(text, 'x', { value: 'looked' })).toThrow('its mutant names looked, which its file does not');
  });
});

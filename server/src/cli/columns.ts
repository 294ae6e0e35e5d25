/** Lines of a label and what belongs to it; texts that go on begin below their first line. */
export function columns(rows: readonly (readonly [label: string, text: string])[], indent = 0): string[] {
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  return rows.map(([label, text]) => `${' '.repeat(indent)}${label.padEnd(width)}${text}`.trimEnd());
}

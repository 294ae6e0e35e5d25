/** Formats pairs of a label and its text. The further lines of a text begin below its first line. */
export function columns(rows: readonly (readonly [label: string, text: string])[], indent = 0): string[] {
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  return rows.map(([label, text]) => `${' '.repeat(indent)}${label.padEnd(width)}${text}`.trimEnd());
}

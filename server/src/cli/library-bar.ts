import type { StatusAnswer } from '../contracts/api';
import { columns } from './columns';
import { formatTally } from './format';

const LONGEST = 60;

const PARTS = [
  { state: 'remote', sign: '█', label: 'in S3' },
  { state: 'both', sign: '▓', label: 'in S3 and on disk' },
  { state: 'local', sign: '░', label: 'on disk' },
] as const;

/** The library as a bar of where its files are, and the same in numbers. */
export function libraryLines(objects: StatusAnswer['objects'], width: number): string[] {
  const total = PARTS.reduce((sum, { state }) => sum + objects[state].count, 0);
  const shown = PARTS.map((part) => ({ ...part, tally: objects[part.state] }));
  const rows = shown.map(({ sign, label, tally }): [string, string] => [`${sign} ${label}`, formatTally(tally)]);
  for (const state of ['trash', 'failed', 'lost'] as const) if (objects[state].count > 0) rows.push([`  ${state}`, formatTally(objects[state])]);
  if (total === 0) return ['The plugin knows of no file yet.'];
  return [barOf(shown.map(({ sign, tally }) => ({ sign, count: tally.count })), Math.min(LONGEST, width)), ...columns(rows)];
}

/** Each part that has a file has a character at least. */
function barOf(parts: readonly { sign: string; count: number }[], width: number): string {
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  const widths = parts.map(({ count }) => (count === 0 ? 0 : Math.max(1, Math.floor((count / total) * width))));
  const largest = widths.indexOf(Math.max(...widths));
  const rest = width - widths.reduce((sum, one) => sum + one, 0);
  return parts.map(({ sign }, index) => sign.repeat(Math.max(0, (widths[index] ?? 0) + (index === largest ? rest : 0)))).join('');
}

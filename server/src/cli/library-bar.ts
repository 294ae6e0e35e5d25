import type { StatusAnswer } from '../contracts/api';
import { columns } from './columns';
import { formatFiles, formatNumber, formatTally } from './format';

/** Longest bar, in characters. */
const LONGEST = 60;

const PARTS = [
  { state: 'remote', sign: '█', label: 'in S3' },
  { state: 'both', sign: '▓', label: 'in S3 and on disk' },
  { state: 'local', sign: '░', label: 'on disk' },
] as const;

/** States that are in no part of the bar, with their labels. */
const OTHERS = [
  { state: 'trash', label: 'deleted' },
  { state: 'missing', label: 'not found' },
  { state: 'lost', label: 'lost' },
] as const;

/** Shows the library as a bar of the places of its files, and the same in numbers. */
export function libraryLines(objects: StatusAnswer['objects'], width: number, library: StatusAnswer['library'] = null): string[] {
  const total = PARTS.reduce((sum, { state }) => sum + objects[state].count, 0);
  const shown = PARTS.map((part) => ({ ...part, tally: objects[part.state] }));
  const rows = shown.map(({ sign, label, tally }): [string, string] => [`${sign} ${label}`, formatTally(tally)]);
  for (const { state, label } of OTHERS) {
    const { count, bytes } = objects[state];
    // nobody knows the size of files that were never found
    if (count > 0) rows.push([`  ${label}`, bytes > 0 ? formatTally({ count, bytes }) : formatFiles(count)]);
  }
  // missing and lost files also count as failed, and have their own lines
  const stuck = { count: objects.failed.count - objects.missing.count - objects.lost.count, bytes: objects.failed.bytes - objects.missing.bytes - objects.lost.bytes };
  if (stuck.count > 0) rows.push(['  of these failed', formatTally(stuck)]);
  const bar = total === 0 ? [] : [barOf(shown.map(({ sign, tally }) => ({ sign, count: tally.count })), Math.min(LONGEST, width))];
  const known = total > 0 || rows.length > PARTS.length ? [...bar, ...columns(rows)] : [];
  return [...known, ...untakenLines(library, known.length === 0)];
}

/** The line about files that the plugin has never looked at. */
function untakenLines(library: StatusAnswer['library'], isAll: boolean): string[] {
  const { items, untaken } = library ?? { items: null, untaken: null };
  if (items === 0 && isAll) return ['The media library has no file yet.'];
  if (!untaken) return isAll ? ['The plugin knows of no file yet.'] : [];
  const subject = `${formatNumber(untaken)} ${untaken === 1 ? 'item of the media library has' : 'items of the media library have'}`;
  return [`${subject} not been looked at yet: “upload --dry-run” says what would be moved to S3.`];
}

/** Draws the bar. Each part that has a file gets at least one character. */
function barOf(parts: readonly { sign: string; count: number }[], width: number): string {
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  const widths = parts.map(({ count }) => (count === 0 ? 0 : Math.max(1, Math.floor((count / total) * width))));
  const largest = widths.indexOf(Math.max(...widths));
  const rest = width - widths.reduce((sum, one) => sum + one, 0);
  return parts.map(({ sign }, index) => sign.repeat(Math.max(0, (widths[index] ?? 0) + (index === largest ? rest : 0)))).join('');
}

import { readFile } from 'node:fs/promises';
import type { UploadsResult } from './uploads';

const ROW = 26;
const LEFT = 190;
const WIDTH = 720;
/** The ratio at the right edge of the chart. */
const MOST = 1.6;

const x = (ratio: number): number => LEFT + (Math.min(ratio, MOST) / MOST) * (WIDTH - LEFT - 70);

/**
 * Draws the results of `bench -- uploads --json`: for each kind of upload the time of this plugin beside that of the official provider, with the
 * middle half of the pairs as a line. It is readable on a light and on a dark page.
 * @param files paths of the results
 * @returns an SVG
 */
export async function chartOf(files: readonly string[]): Promise<string> {
  const results = await Promise.all(files.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as UploadsResult));
  const rows = results.flatMap(({ latencyMs, lines }) => lines.map(({ kind, ratio }) => ({ label: `${kind.replaceAll('-', ' ')}, ${latencyMs > 0 ? `${latencyMs} ms away` : 'near'}`, ...ratio })));
  const height = ROW * rows.length + 60;
  const bars = rows.map(({ label, lower, median, upper }, index) => {
    const y = 34 + ROW * index;
    const middle = y + ROW / 2 - 3;
    return `  <text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${label}</text>
  <rect x="${LEFT}" y="${y}" width="${(x(median) - LEFT).toFixed(1)}" height="${ROW - 8}" rx="3" fill="#4945ff"/>
  <path d="M${x(lower).toFixed(1)} ${middle}H${x(upper).toFixed(1)}" stroke="#f29d41" stroke-width="3"/>
  <text x="${(Math.max(x(median), x(upper)) + 8).toFixed(1)}" y="${middle + 4}">${median.toFixed(2)} ×</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="#7b7b93" role="img">
  <title>Time of an upload beside the official provider's</title>
  <text x="10" y="18">Time of an upload ÷ that of the official provider: median, and the middle half of the pairs</text>
${bars.join('\n')}
  <path d="M${x(1).toFixed(1)} 28V${height - 22}" stroke="#7b7b93" stroke-dasharray="4 3"/>
  <text x="${x(1).toFixed(1)}" y="${height - 8}" text-anchor="middle">as fast as the official provider</text>
</svg>
`;
}

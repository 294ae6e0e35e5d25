import { styleText } from 'node:util';

import ora from 'ora';

const HEARTBEAT_MS = 3_000;

const seconds = (since: number): string => `${((performance.now() - since) / 1_000).toFixed(1)} s`;
const dim = (text: string): string => styleText('dim', text);

/** The text that a step shows beside its title while it works. */
export type Tell = (detail: string) => void;

/**
 * Runs one step with a spinner and its elapsed time; in a pipe or a log, where nothing can spin, with a line every few seconds.
 * A failing step is marked, and its error goes on.
 */
export async function step<T>(title: string, work: (tell: Tell) => Promise<T>): Promise<T> {
  const started = performance.now();
  let detail = '';
  const line = () => `${title} ${dim(`${seconds(started)}${detail && ` · ${detail}`}`)}`;

  if (process.stdout.isTTY) {
    const spinner = ora({ text: line(), stream: process.stdout }).start();
    const timer = setInterval(() => (spinner.text = line()), 100);
    try {
      const result = await work((text) => (detail = text));
      spinner.succeed(line());
      return result;
    } catch (error) {
      spinner.fail(line());
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  console.log(`… ${title}`);
  const timer = setInterval(() => console.log(`  ${line()}`), HEARTBEAT_MS);
  try {
    const result = await work((text) => (detail = text));
    console.log(`✔ ${line()}`);
    return result;
  } catch (error) {
    console.log(`✖ ${line()}`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

export function bar(done: number, total: number, width = 24): string {
  const filled = total === 0 ? width : Math.round((done / total) * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${done}/${total}`;
}

export const heading = (text: string): void => console.log(`\n${styleText('bold', text)}`);

/** Rows under aligned headings. Cells may be coloured: what the terminal does not show is not counted. */
export function table(headings: string[], rows: string[][]): void {
  const shown = (text: string) => text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '').length;
  const widths = headings.map((title, column) => Math.max(title.length, ...rows.map((row) => shown(row[column] ?? ''))));
  const draw = (cells: string[]) =>
    console.log(`  ${cells.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - shown(cell))).join('   ')}`);
  draw(headings.map((title) => styleText('dim', title)));
  for (const row of rows) draw(row);
}

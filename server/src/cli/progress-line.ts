import type { ErrorCode } from '../contracts/errors';
import { tellsNoAnswer } from '../core/errors';
import type { ProgressSnapshot } from '../core/runner/run-progress';
import { formatBytes, formatDuration, formatFiles, formatNumber, formatRate } from './format';
import type { Rate } from './rate';

/** The progress of a run. `waitingFor` says why the run pauses (S3 is away, or a file has failed); undefined while it works. */
export type LiveProgress = ProgressSnapshot & { readonly waitingFor?: ErrorCode | undefined };

const waitingText = (code: ErrorCode) => (tellsNoAnswer(code) ? 'waiting for S3' : 'waiting to try again');

/** Longest and shortest bar, in characters. */
const LONGEST_BAR = 30;
const SHORTEST_BAR = 10;

/** Returns the share of the work that is done or has failed, from 0 to 1; null while the total is not known. */
function shareOf({ done, failed, total, bytesDone, bytesTotal }: LiveProgress): number | null {
  if (total === 0) return null;
  const files = (done + failed) / total;
  // bytes say more about the time left, but an empty file and a failed one have their share too
  return Math.min(1, bytesTotal > 0 && done + failed < total ? Math.min(1, bytesDone / bytesTotal) : files);
}

const percent = (share: number) => `${Math.floor(share * 100)} %`;

const bar = (share: number, width: number) => {
  const full = Math.floor(share * width);
  return `[${'█'.repeat(full)}${'░'.repeat(width - full)}]`;
};

/** Makes one line of at most `columns` characters, and leaves out the less useful parts if they do not fit. */
export function progressLine(name: string, progress: LiveProgress, rate: Rate | null, columns: number): string {
  const share = shareOf(progress);
  const counts = share === null ? `looking through the library, ${formatFiles(progress.done)}` : `${formatNumber(progress.done)}/${formatNumber(progress.total)}`;
  const bytes = share === null ? null : `${formatBytes(progress.bytesDone)}/${formatBytes(progress.bytesTotal)}`;
  const failed = progress.failed > 0 ? `${formatNumber(progress.failed)} failed` : null;
  const left = progress.waitingFor ? waitingText(progress.waitingFor) : rate?.secondsLeft && `${formatDuration(rate.secondsLeft)} left`;
  const speed = rate && !progress.waitingFor ? (progress.bytesTotal > 0 ? `${formatBytes(rate.bytesPerSecond)}/s` : formatRate(rate.perSecond)) : null;
  const head = share === null ? null : percent(share);
  const barOf = (width: number) => (share === null ? null : bar(share, width));
  const candidates = [
    [name, barOf(LONGEST_BAR), head, counts, bytes, speed, left, failed],
    [name, barOf(SHORTEST_BAR), head, counts, bytes, speed, left, failed],
    [name, barOf(SHORTEST_BAR), head, counts, speed, left, failed],
    [name, head, counts, left, failed],
    [name, head, failed],
  ].map((parts) => parts.filter((part) => part !== null && part !== undefined && part !== 0 && part !== '').join('  '));
  return candidates.find((line) => line.length <= columns) ?? `${name}  ${head ?? '…'}`.slice(0, columns);
}

/** Makes the same as a full sentence, for logs. */
export function progressSentence(name: string, progress: LiveProgress, rate: Rate | null): string {
  const share = shareOf(progress);
  const done =
    share === null
      ? `looking through the library, ${formatFiles(progress.done)}`
      : `${formatNumber(progress.done)} of ${formatFiles(progress.total)} (${percent(share)}), ${formatBytes(progress.bytesDone)} of ${formatBytes(progress.bytesTotal)}`;
  const parts = [done];
  if (progress.failed > 0) parts.push(`${formatNumber(progress.failed)} failed`);
  if (progress.waitingFor) parts.push(waitingText(progress.waitingFor));
  else if (rate) parts.push(`${formatRate(rate.perSecond)}, ${formatBytes(rate.bytesPerSecond)}/s`);
  if (rate?.secondsLeft && !progress.waitingFor) parts.push(`${formatDuration(rate.secondsLeft)} left`);
  return `${name}: ${parts.join(', ')}`;
}

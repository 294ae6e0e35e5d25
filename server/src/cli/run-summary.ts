import type { AuditResult, ReportAnswer, Requests, RunEntry, Skipped } from '../contracts/jobs';
import type { JobCommand } from './arguments';
import { columns } from './columns';
import { failureLines, obstacleLines, type Failures } from './failures';
import { formatBytes, formatDuration, formatFiles, formatNumber, formatRate, formatTally } from './format';
import { ACTION, DONE, ENDED, FOUND, SKIPPED } from './words';

/** The result of a run. */
export interface RunResult {
  readonly run: RunEntry;
  readonly failures: Failures;
  /** The report of an audit; null for other jobs. */
  readonly report: ReportAnswer | null;
  readonly seconds: number;
}

export function summaryLines(command: JobCommand, { run, failures, report, seconds }: RunResult): string[] {
  return [
    headLine(command, run, seconds),
    ...(run.error ? [run.error.message, `→ ${run.error.hint}`] : []),
    ...(run.dryRun ? [requestLine(run.requests)] : []),
    ...skippedLines(run.skipped),
    ...(run.audit ? notLookedAt(run.audit) : []),
    ...(report ? findingLines(report, run.audit ?? null) : []),
    ...obstacleLines(failures),
    ...failureLines(failures, run.dryRun),
  ];
}

function headLine(command: JobCommand, run: RunEntry, seconds: number): string {
  if (run.dryRun) {
    // a dry run does nothing: its expected total is what a run would do
    const expected = { count: run.total, bytes: run.bytesTotal };
    return `A dry run, nothing was changed. Would be ${DONE[command]}: ${formatTally(expected)}.`;
  }
  const done = { count: run.done, bytes: run.bytesDone };
  const speed = seconds >= 1 && run.done > 0 ? ` (${formatRate(run.done / seconds)}, ${formatBytes(run.bytesDone / seconds)}/s)` : '';
  return `The ${command} ${ENDED[run.status]}: ${formatTally(done)} ${DONE[command]} in ${formatDuration(seconds)}${speed}.`;
}

function requestLine(requests: Requests): string {
  const kinds = (Object.entries(requests) as [keyof Requests, number][]).filter(([, count]) => count > 0);
  const text = kinds.map(([kind, count]) => `${formatNumber(count)} ${kind.toUpperCase()}`).join(', ');
  return `Requests to S3: ${text || 'none'}`;
}

function skippedLines(skipped: readonly Skipped[]): string[] {
  if (skipped.length === 0) return [];
  // nobody knows the size of files that were not read
  const amount = ({ count, bytes }: Skipped) => (bytes > 0 ? formatTally({ count, bytes }) : formatFiles(count));
  return ['Passed by:', ...columns(skipped.map((one) => [amount(one), SKIPPED[one.code]]), 2)];
}

/** Names the parts that an audit left out, about which nothing is known. */
export function notLookedAt({ bucket, disk }: AuditResult): string[] {
  return [
    ...(bucket === 'unchecked' ? ['The bucket was not looked at: S3 is not in use, or did not answer. Only database and disk were compared.'] : []),
    ...(bucket === 'partly' ? ['Not every bucket could be looked at: of some files nobody knows whether their objects are there.'] : []),
    ...(disk ? [] : ['The uploads folder was not there: nothing is known of the files on this disk.']),
  ];
}

function findingLines({ counts }: ReportAnswer, audit: AuditResult | null): string[] {
  if (counts.length === 0) return [audit && notLookedAt(audit).length === 0 ? 'Found: nothing. Database, disk and bucket agree.' : 'Found: nothing in what was looked at.'];
  const rows = counts.map(({ kind, action, count, bytes }): [string, string] => [
    formatTally({ count, bytes }),
    action === 'none' ? FOUND[kind] : `${FOUND[kind]} → ${ACTION[action]}`,
  ]);
  return ['Found:', ...columns(rows, 2)];
}

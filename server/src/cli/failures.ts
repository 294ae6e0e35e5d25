import type { Reason } from '../contracts/jobs';
import { printable } from '../core/errors';
import { formatBytes, formatFiles, formatNumber } from './format';

/** A file that failed, and why. */
export interface Failure {
  readonly name: string;
  /** Bytes; null: not known. */
  readonly size: number | null;
  readonly reason: Reason;
}

/** What stands in the way of a whole job, and is no one file's. */
export interface Obstacle {
  readonly reason: Reason;
  /** So many are lacking; null: it is not a matter of bytes. */
  readonly bytes: number | null;
}

export interface Failures {
  readonly first: readonly Failure[];
  readonly total: number;
  readonly obstacles: readonly Obstacle[];
}

export const NO_FAILURES: Failures = { first: [], total: 0, obstacles: [] };

export const FAILURES_SHOWN = 10;

/** What a dry run has found to be in the way, and what to do about it. */
export function obstacleLines({ obstacles }: Failures): string[] {
  if (obstacles.length === 0) return [];
  const lines = obstacles.flatMap(({ reason, bytes }) => [
    `  ${reason.code}: ${reason.message}${bytes === null ? '' : ` ${formatBytes(bytes)} more are needed.`}`,
    `  → ${reason.hint}`,
  ]);
  return ['In its way:', ...lines];
}

/** By reason, each with its sentence and hint once. A dry run tries nothing: what it tells of has failed before. */
export function failureLines({ first, total }: Failures, dryRun: boolean): string[] {
  if (total === 0) return [];
  const codes = [...new Set(first.map(({ reason }) => reason.code))];
  const lines = [`${dryRun ? 'Failed when last tried' : 'Failed'}: ${formatFiles(total)}`];
  for (const code of codes) lines.push(...groupLines(first.filter(({ reason }) => reason.code === code)));
  if (total > first.length) {
    lines.push(`  and ${formatNumber(total - first.length)} more: Settings → S3 Storage → Migration lists them all, where each can be tried again.`);
  }
  return lines;
}

function groupLines(group: readonly Failure[]): string[] {
  const reason = group[0]?.reason;
  if (!reason) return [];
  const names = group.map(({ name, size }) => `      ${printable(name)}${size === null ? '' : ` (${formatBytes(size)})`}`);
  return [`  ${reason.code}: ${reason.message}`, `  → ${reason.hint}`, ...names];
}

import type { Reason } from '../contracts/jobs';
import { printable } from '../core/errors';
import { formatBytes, formatFiles, formatNumber } from './format';

/** A file that failed, and why. */
export interface Failure {
  readonly name: string;
  /** Size in bytes; null if it is not known. */
  readonly size: number | null;
  readonly reason: Reason;
}

/** An obstacle to a whole job, which belongs to no single file. */
export interface Obstacle {
  readonly reason: Reason;
  /** Number of bytes that are lacking; null if the obstacle is not about bytes. */
  readonly bytes: number | null;
}

export interface Failures {
  readonly first: readonly Failure[];
  readonly total: number;
  readonly obstacles: readonly Obstacle[];
}

export const NO_FAILURES: Failures = { first: [], total: 0, obstacles: [] };

export const FAILURES_SHOWN = 10;

/** Describes the obstacles that a dry run has found, and what to do about them. */
export function obstacleLines({ obstacles }: Failures): string[] {
  if (obstacles.length === 0) return [];
  const lines = obstacles.flatMap(({ reason, bytes }) => [
    `  ${reason.code}: ${reason.message}${bytes === null ? '' : ` ${formatBytes(bytes)} more are needed.`}`,
    `  → ${reason.hint}`,
  ]);
  return ['In its way:', ...lines];
}

/**
 * Lists the failed files by reason, and prints message and hint of each reason once. A dry run tries nothing: its failures are earlier
 * ones.
 */
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

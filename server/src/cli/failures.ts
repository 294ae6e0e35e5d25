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

export interface Failures {
  readonly first: readonly Failure[];
  readonly total: number;
}

export const FAILURES_SHOWN = 10;

/** By reason, each with its sentence and hint once. */
export function failureLines({ first, total }: Failures): string[] {
  if (total === 0) return [];
  const codes = [...new Set(first.map(({ reason }) => reason.code))];
  const lines = [`Failed: ${formatFiles(total)}`];
  for (const code of codes) lines.push(...groupLines(first.filter(({ reason }) => reason.code === code)));
  if (total > first.length) {
    lines.push(`  and ${formatNumber(total - first.length)} more: Settings → S3 Storage lists them all, where each can be tried again.`);
  }
  return lines;
}

function groupLines(group: readonly Failure[]): string[] {
  const reason = group[0]?.reason;
  if (!reason) return [];
  const names = group.map(({ name, size }) => `      ${printable(name)}${size === null ? '' : ` (${formatBytes(size)})`}`);
  return [`  ${reason.code}: ${reason.message}`, `  → ${reason.hint}`, ...names];
}

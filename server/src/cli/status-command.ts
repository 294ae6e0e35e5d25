import type { StatusAnswer } from '../contracts/api';
import { ERRORS } from '../contracts/errors';
import type { JobAnswer, RunEntry } from '../contracts/jobs';
import { tellsNoAnswer } from '../core/errors';
import { columns } from './columns';
import type { AdminApi } from '../core/admin/admin-api';
import { formatDuration, formatFiles, formatNumber, formatTally, formatTime } from './format';
import { EXIT, writeJson, type CommandIo } from './io';
import { libraryLines } from './library-bar';
import { outOfReach } from './out-of-reach';
import { notLookedAt } from './run-summary';
import { ENDED } from './words';

export async function showStatus(admin: AdminApi, io: CommandIo, json: boolean): Promise<number> {
  const status = await admin.status();
  const { jobs } = await admin.jobs.answer();
  if (json) writeJson(io, { ...status, jobs });
  else io.stdout.write(`${statusLines(status, jobs, io.stdout.columns - 1).join('\n')}\n`);
  return EXIT.DONE;
}

function statusLines(status: StatusAnswer, jobs: readonly JobAnswer[], width: number): string[] {
  const rows: [string, string][] = [['Mode', status.mode]];
  if (status.reason) rows.push(['', status.reason.message], ['', `→ ${status.reason.hint}`]);
  rows.push(['S3', s3Text(status)]);
  const cut = outOfReach(status);
  if (cut.count > 0) rows.push(['Unreadable', `${formatTally(cut)}: only in S3, and nobody can open them now`]);
  if (status.pendingUploads.count > 0) rows.push(['Waiting', `${formatTally(status.pendingUploads)}: kept on disk while S3 was away, they follow by themselves`]);
  if (status.stranded.count > 0) rows.push(['Stranded', `${formatTally(status.stranded)}: only on a disk that has vanished`]);
  return [
    ...columns(rows),
    '',
    ...libraryLines(status.objects, width, status.library),
    ...(jobs.length > 0 ? ['', ...columns(jobs.flatMap(jobRows))] : []),
  ];
}

function s3Text({ mode, outage, breaker }: StatusAnswer): string {
  if (mode === 'off') return 'not used';
  if (outage) {
    const what = !outage.writes ? 'cannot be read' : !outage.reads ? 'stores nothing' : tellsNoAnswer(outage.code) ? 'away' : 'refuses';
    return `${what} since ${formatTime(outage.since)}. ${ERRORS[outage.code].message}${outage.detail ? ` (${outage.detail})` : ''}`;
  }
  if (breaker.state === 'closed') return mode === 'read-only' ? 'read, and never changed' : 'in use';
  return `left alone since ${breaker.since ? formatTime(breaker.since) : 'just now'}${breaker.lastError ? `. ${ERRORS[breaker.lastError].message}` : ''}`;
}

function jobRows(job: JobAnswer): [string, string][] {
  const rows: [string, string][] = [[job.name, stateText(job)]];
  if (job.lastRun) {
    const { status, startedAt, done, bytesDone, failed, error } = job.lastRun;
    const failures = failed > 0 ? `, ${formatNumber(failed)} failed` : '';
    rows.push(['', `last run ${formatTime(startedAt)} ${ENDED[status]}: ${formatTally({ count: done, bytes: bytesDone })}${failures}`]);
    if (error) rows.push(['', error.message]);
  }
  if (job.blockedBy && !job.complete) rows.push(['', `blocked: ${job.blockedBy.message}`], ['', `→ ${job.blockedBy.hint}`]);
  if (job.warning) rows.push(['', job.warning.message], ['', `→ ${job.warning.hint}`]);
  return rows;
}

function stateText(job: JobAnswer): string {
  const { running, wanted, progress, schedule } = job;
  const left = progress.etaSeconds === null ? '' : `, ${formatDuration(progress.etaSeconds)} left`;
  const counts = `${formatNumber(progress.done)} of ${formatNumber(progress.total)}`;
  const state = running ? `running, ${counts}${left}` : wanted ? `to go on, ${counts}` : (endedText(job) ?? `at rest, ${counts}`);
  if (schedule.expression === null) return state;
  return `${state}; schedule ${schedule.enabled ? `on (${schedule.expression})` : 'off'}`;
}

/**
 * Describes a job that has nothing to do; null if there is something to do. A library at which nobody has looked is not the same as one
 * with nothing to do.
 */
function endedText({ name, complete, looked, progress, lastRun }: JobAnswer): string | null {
  if (name === 'audit') return lastRun ? (lastRun.status === 'complete' ? auditText(lastRun) : null) : 'never run';
  if (name === 'purge') return progress.total === 0 ? 'no deleted file waits' : `${formatNumber(progress.total)} deleted files wait`;
  if (looked === false && progress.total === 0) return 'nothing looked at yet';
  if (!complete) return null;
  return progress.failed > 0 ? `done, but ${formatFiles(progress.failed)} failed` : 'complete';
}

function auditText({ audit }: RunEntry): string {
  if (!audit) return 'ended';
  const open = audit.findings - audit.applied;
  const found = audit.lost > 0 ? `${formatFiles(audit.lost)} nowhere` : open > 0 ? `${formatNumber(open)} ${open === 1 ? 'problem' : 'problems'}` : null;
  const unseen = audit.bucket === 'unchecked' ? 'the bucket was not looked at' : notLookedAt(audit).length > 0 ? 'not everything was looked at' : null;
  return [found, unseen].filter(Boolean).join(', ') || 'all in order';
}

import type { StatusAnswer } from '../contracts/api';
import { ERRORS } from '../contracts/errors';
import type { JobAnswer } from '../contracts/jobs';
import { columns } from './columns';
import type { CommandEngine } from './command-engine';
import { formatDuration, formatNumber, formatTally, formatTime } from './format';
import { EXIT, writeJson, type CommandIo } from './io';
import { libraryLines } from './library-bar';
import { ENDED } from './words';

export async function showStatus(engine: CommandEngine, io: CommandIo, json: boolean): Promise<number> {
  const status = await engine.status();
  const { jobs } = await engine.jobs();
  if (json) writeJson(io, { ...status, jobs });
  else io.stdout.write(`${statusLines(status, jobs, io.stdout.columns - 1).join('\n')}\n`);
  return EXIT.DONE;
}

function statusLines(status: StatusAnswer, jobs: readonly JobAnswer[], width: number): string[] {
  const rows: [string, string][] = [['Mode', status.mode]];
  if (status.reason) rows.push(['', status.reason.message], ['', `→ ${status.reason.hint}`]);
  rows.push(['S3', s3Text(status)]);
  if (status.pendingUploads.count > 0) rows.push(['Waiting', `${formatTally(status.pendingUploads)}: kept on disk while S3 was away, they follow by themselves`]);
  if (status.stranded.count > 0) rows.push(['Stranded', `${formatTally(status.stranded)}: only on a disk that has vanished`]);
  return [
    ...columns(rows),
    '',
    ...libraryLines(status.objects, width),
    ...(jobs.length > 0 ? ['', ...columns(jobs.flatMap(jobRows))] : []),
  ];
}

function s3Text({ mode, outage, breaker }: StatusAnswer): string {
  if (mode === 'off') return 'not used';
  if (outage) return `away since ${formatTime(outage.since)}. ${ERRORS[outage.code].message}`;
  if (breaker.state === 'closed') return 'in use';
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

function stateText({ running, wanted, complete, progress, schedule }: JobAnswer): string {
  const left = progress.etaSeconds === null ? '' : `, ${formatDuration(progress.etaSeconds)} left`;
  const counts = `${formatNumber(progress.done)} of ${formatNumber(progress.total)}`;
  const state = running ? `running, ${counts}${left}` : complete ? 'complete' : wanted ? `to go on, ${counts}` : `at rest, ${counts}`;
  if (schedule.expression === null) return state;
  return `${state}; schedule ${schedule.enabled ? `on (${schedule.expression})` : 'off'}`;
}

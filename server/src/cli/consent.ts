import type { StatusAnswer } from '../contracts/api';
import type { JobProgress } from '../contracts/jobs';
import type { CommandRequest } from './arguments';
import { formatTally } from './format';
import type { CommandIo } from './io';

/**
 * Returns the question to which somebody has to say yes before the run begins; null if the run can do no harm that an answer could prevent.
 */
export function questionOf({ command, dryRun, apply, maxId }: CommandRequest, objects: StatusAnswer['objects'], progress?: JobProgress): string | null {
  if (dryRun) return null;
  // the question covers all ids: a range only says up to which id the upload must be complete
  if (command === 'cleanup') return `This removes from this disk the files that are proven to be in S3 (at most ${formatTally(objects.both)}).`;
  const upTo = maxId === null ? '' : `, up to id ${maxId}`;
  if (command === 'restore') return `This brings the files that are only in S3 back to this disk (at most ${formatTally(objects.remote)}${upTo}).`;
  if (command === 'relocate') {
    const left = progress && ` (${formatTally({ count: progress.total - progress.done, bytes: progress.bytesTotal - progress.bytesDone })})`;
    return `This sends the objects that are outside the present bucket and prefix to it${left ?? ''}. A day later the former ones are removed.`;
  }
  if (command === 'audit' && apply) return 'This puts right what can safely be: “audit” without --apply says what that is.';
  return null;
}

/** Asks for consent. `refused`: somebody said no. `unasked`: nobody is there to ask, and nothing on the command line says yes. */
export async function consent(question: string, { yes }: CommandRequest, io: CommandIo): Promise<'given' | 'refused' | 'unasked'> {
  if (yes) return 'given';
  if (!io.ask) return 'unasked';
  const answer = await io.ask(`${question}\nType yes to go on: `);
  return answer.trim().toLowerCase() === 'yes' ? 'given' : 'refused';
}

import type { ClaimAnswer } from '../contracts/api';
import type { AdminApi } from '../core/admin/admin-api';
import type { CommandRequest } from './arguments';
import { columns } from './columns';
import { consent } from './consent';
import { formatTally, formatTime } from './format';
import { EXIT, writeJson, type CommandIo } from './io';

/** Shows what a claim would do, asks, and makes this database the owner of the bucket. */
export async function runClaim(admin: Pick<AdminApi, 'claim'>, request: CommandRequest, io: CommandIo): Promise<number> {
  const before = await admin.claim.answer();
  if (!before.reason) {
    io.stdout.write(request.json ? '' : 'There is nothing to claim: this server owns the bucket, or may not change it for another reason (see “status”).\n');
    if (request.json) writeJson(io, before);
    return EXIT.DONE;
  }
  if (!request.json) io.stdout.write(`${lines(before).join('\n')}\n`);
  const answer = await consent('This makes this database the owner of the bucket. The server of the former owner only reads it from then on.', request, io);
  if (answer !== 'given') {
    io.stderr.write(answer === 'refused' ? 'Nothing was claimed.\n' : 'Nothing was claimed: nobody is here to ask. --yes claims without a question.\n');
    if (request.json) writeJson(io, before);
    return EXIT.BLOCKED;
  }
  const after = await admin.claim.claim({ owner: before.owner.id, confirmDeletes: true });
  if (request.json) writeJson(io, after);
  else io.stdout.write('This database owns the bucket now. Strapi sends the files from its disk as soon as it runs.\n');
  return EXIT.DONE;
}

function lines({ reason, area, owner, uploads, deletes }: ClaimAnswer): string[] {
  const seen = owner.id === null ? 'nobody can read it' : `${owner.id}, server ${owner.server}, last seen ${formatTime(owner.seenAt ?? '')}`;
  const where = `${area.bucket}${area.endpoint === null ? '' : ` at ${area.endpoint}`}${area.prefix === '' ? '' : `, prefix ${area.prefix}`}`;
  return columns([
    ['Bucket', where],
    ['Now', reason?.message ?? ''],
    ['Owner', seen],
    ['Uploads', uploads.count === 0 ? 'none' : `${formatTally(uploads)}: kept on this server’s disk, and sent to S3 after the claim`],
    ['Deletions', deletes.count === 0 ? 'none' : `${formatTally(deletes)}: deleted here, and removed from the bucket after the claim`],
  ]);
}

import { rescued } from '../../../core/ledger/audit-steps';
import type { Ledger } from '../../../core/ledger/ledger';
import type { ProvenUpload } from '../../../core/ledger/moves';
import type { Intent, IntentOf, LocalCopy } from '../../../core/ledger/words';
import type { LedgerRow } from '../../../core/ledger/state';
import { relocated } from '../../../core/ledger/relocation-steps';
import { cleaned, failed, restored, sameKey, uploaded, type Change } from '../../../core/ledger/transitions';
import { applyAll, inTransaction, type LedgerContext, type Session } from './session';

type Moves = Pick<Ledger, 'commitUploads' | 'commitCleanups' | 'commitRestores' | 'commitRescue' | 'commitRelocation' | 'recordFailure'>;

/** A step that points a row to the name of an intent. */
interface Move {
  /** The row as the job has read it. */
  readonly read: LedgerRow;
  readonly intent: Intent;
  /** Returns the changed row with the names that it drops, or undefined when the row does not allow the step any more. */
  moved(row: LedgerRow): Change | undefined;
}

/** The commits of jobs that have copied bytes, or that condemn them. */
export function moves(context: LedgerContext): Moves {
  /** Stores the changed row of each move, or condemns the intent's name. @returns for each move whether it was stored */
  const commit = async (all: readonly Move[]): Promise<boolean[]> => {
    // guard: intent-is-the-rows
    for (const { read, intent } of all) sameKey(read, intent);
    return inTransaction(context, async ({ objects, names }: Session) => {
      const rows = await objects.lock(all.map(({ read }) => read.key));
      const pending = await names.lockPending(all.map(({ intent }) => intent));
      const changes: Change[] = [];
      const done = all.map(({ read, intent, moved }) => {
        const row = rows.get(read.key);
        // guard: commit-needs-a-pending-name
        const change = pending.has(intent) && row ? moved(row) : undefined;
        if (!change) return false;
        // guard: commits-see-each-other
        rows.set(change.row.key, change.row);
        changes.push(change);
        return true;
      });
      const intents = (which: boolean) => all.flatMap(({ intent }, index) => (done[index] === which ? [intent] : []));
      // guard: refused-upload-is-condemned
      await names.condemnPending(intents(false));
      // guard: committed-name-is-not-pending
      await names.forget(intents(true));
      await objects.storeAll(changes.map(({ row }) => row));
      // guard: relocation-condemns-the-former-object
      for (const { row, condemned } of changes) await names.condemn(row.key, condemned);
      return done;
    });
  };
  const one = async (move: Move): Promise<boolean> => (await commit([move])).includes(true);
  const upload = ({ row: read, intent, etag, md5 }: ProvenUpload): Move => {
    const remote = { locationId: intent.locationId, object: intent.name, etag };
    return { read, intent, moved: (row) => dropsNothing(uploaded(row, read.rev, remote, md5)) };
  };

  return {
    commitUploads: (uploads) => commit(uploads.map(upload)),

    commitRestores: (restores) =>
      commit(restores.map(({ row: read, intent }) => ({ read, intent, moved: (row) => dropsNothing(restored(row, read.rev, copyOf(intent))) }))),
    commitRescue: (read, intent) => one({ read, intent, moved: (row) => dropsNothing(rescued(row, read.rev, copyOf(intent))) }),

    commitRelocation: (read, intent, { etag, forgetFormer }) => {
      const remote = { locationId: intent.locationId, object: intent.name, etag };
      return one({ read, intent, moved: (row) => relocated(row, read.rev, remote, forgetFormer ? null : context.policy.supersededGraceMs) });
    },

    commitCleanups: (reads, { graceMs }) =>
      inTransaction(context, async (session) => {
        const rows = await session.objects.lock(reads.map(({ key }) => key));
        const changes: Change[] = [];
        const done = reads.map((read) => {
          const row = rows.get(read.key);
          // guard: cleanup-at-its-revision
          const change = row && cleaned(row, read.rev, graceMs);
          if (!change) return false;
          // guard: cleanups-see-each-other
          rows.set(change.row.key, change.row);
          changes.push(change);
          return true;
        });
        await applyAll(session, changes);
        return done;
      }),

    recordFailure: (read, code, retryAfterMs) =>
      inTransaction(context, async ({ objects }) => {
        const row = await objects.lockOne(read.key);
        // guard: failure-at-its-revision
        const next = row && failed(row, read.rev, code);
        if (next) await objects.store(next, { retryAfterMs });
      }),
  };
}

function dropsNothing(row: LedgerRow | undefined): Change | undefined {
  return row && { row, condemned: [] };
}

function copyOf({ volume, name }: IntentOf<'file'>): LocalCopy {
  return { volume, localName: name };
}

import type { Knex } from 'knex';
import type { ObjectKey } from '../../../core/keys';
import type { Ledger } from '../../../core/ledger/ledger';
import type { Proof } from '../../../core/ledger/words';
import { adoptedBesideFile, missed, retried, sentFromNowOn, unburied } from '../../../core/ledger/migration-steps';
import type { LedgerRow } from '../../../core/ledger/state';
import { firstRow } from '../../../core/ledger/transitions';
import { parts } from '../parts';
import { workOf } from './claims';
import { NEVER_FROM, sha256 } from './objects';
import { inTransaction, reading, type LedgerContext, type Session } from './session';

/** Rows that are changed in one transaction. */
const AT_ONCE = 250;
const STATES: readonly LedgerRow['placement']['state'][] = ['new', 'local', 'both', 'remote', 'gone'];

type Migration = Pick<Ledger, 'scan' | 'pendingWork' | 'recordMissing' | 'commitAdoption' | 'retry' | 'unbury' | 'sendKept' | 'proofOf' | 'noteProof'>;

export function migration(context: LedgerContext): Migration {
  const { table } = context.transactions;

  /** Changes the rows of the keys, or all rows that pass, up to {@link AT_ONCE} rows at a time. @returns how many rows changed */
  const inSteps = async (
    keys: readonly ObjectKey[] | 'all',
    passing: (rows: Knex.QueryBuilder) => Knex.QueryBuilder,
    step: (session: Session, rows: readonly LedgerRow[]) => Promise<number>,
  ): Promise<number> => {
    let count = 0;
    for await (const some of keys === 'all' ? passingKeys(context, passing) : parts(keys, AT_ONCE)) {
      count += await inTransaction(context, async (session) => step(session, [...(await session.objects.lock(some)).values()]));
    }
    return count;
  };

  return {
    scan: (work, after, limit) =>
      reading(context, ({ objects }) =>
        objects.list((all) =>
          othersLeftOut(all, workOf(work)).where('key_hash', '>', after === null ? '' : sha256(after)).orderBy('key_hash').limit(limit),
        ),
      ),

    pendingWork: (work) =>
      reading(context, async ({ objects }) => {
        const pending = await objects.list((all) => all.where({ ...workOf(work), tombstone_ticket: null }).where('retry_at', '<', NEVER_FROM).limit(1));
        return pending.length > 0;
      }),

    async recordMissing(keys, code) {
      const unknown = await reading(context, ({ objects }) => objects.withoutBytes(keys));
      if (unknown.length === 0) return 0;
      return inTransaction(context, async ({ objects }) => {
        const inserted = await objects.insert(unknown.flatMap((key) => missed(firstRow(key, undefined), code) ?? []));
        const done = new Set(inserted.map(({ key }) => key));
        const others = await objects.lock(unknown.filter((key) => !done.has(key)));
        for (const row of others.values()) {
          const next = missed(row, code);
          if (next && next !== row) await objects.store(next, { retryAfterMs: 0 });
          if (next) done.add(next.key);
        }
        return done.size;
      });
    },

    commitAdoption: (read, remote, md5) =>
      inTransaction(context, async ({ objects }) => {
        const row = await objects.lockOne(read.key);
        // guard: match-at-its-revision
        const next = row && adoptedBesideFile(row, read.rev, remote, md5);
        if (next) await objects.store(next);
        return next !== undefined;
      }),

    retry: (keys) =>
      inSteps(keys, (all) => all.whereNotNull('last_error'), async ({ objects }, rows) => {
        const failed = rows.flatMap((row) => retried(row) ?? []);
        for (const row of failed) await objects.store(row, { retryAfterMs: 0 });
        if (failed.some(({ placement }) => placement.state === 'new')) {
          const anew = { position: 0, completed_to: null, generation: objects.db.raw('generation + 1') };
          await table(objects.db, 's3_storage_inventories').update(anew);
        }
        return failed.length;
      }),

    unbury: (keys) =>
      inSteps(keys, (all) => all.whereNotNull('purge_at'), async ({ objects }, rows) => {
        const back = rows.flatMap((row) => unburied(row) ?? []);
        for (const row of back) await objects.store(row);
        return back.length;
      }),

    sendKept: () =>
      inSteps('all', (all) => all.where('origin', 'read-only'), async ({ objects }, rows) => {
        const sent = rows.flatMap((row) => sentFromNowOn(row) ?? []);
        for (const row of sent) await objects.store(row, { retryAfterMs: 0 });
        return sent.length;
      }),

    async proofOf(id) {
      const [found] = await context.transactions.read(
        (db): Promise<{ proof: Proof | null }[]> => table(db, 's3_storage_locations').where({ id }).select('proof'),
      );
      return found?.proof ?? null;
    },

    async noteProof(id, proof) {
      await context.transactions.run((trx) => table(trx, 's3_storage_locations').where({ id }).update({ proof }));
    },
  };
}

/** Yields the keys of all rows that pass, in the order of the primary key, so that a row that changes meanwhile comes up once at most. */
async function* passingKeys(context: LedgerContext, passing: (rows: Knex.QueryBuilder) => Knex.QueryBuilder): AsyncGenerator<ObjectKey[]> {
  for (let after = ''; ; ) {
    const page = (all: Knex.QueryBuilder) => passing(all).where('key_hash', '>', after).orderBy('key_hash').limit(AT_ONCE);
    const keys = (await reading(context, ({ objects }) => objects.list(page))).map(({ key }) => key);
    yield keys;
    const last = keys.at(-1);
    if (last === undefined || keys.length < AT_ONCE) return;
    after = sha256(last);
  }
}

/** Selects rows by leaving the other states out. With `state = …` SQLite would take an index by state, and sort all rows for each page. */
function othersLeftOut(rows: Knex.QueryBuilder, { state, ...work }: Record<string, string | null>): Knex.QueryBuilder {
  return rows.whereNotIn('state', STATES.filter((other) => other !== state)).where({ ...work, tombstone_ticket: null });
}

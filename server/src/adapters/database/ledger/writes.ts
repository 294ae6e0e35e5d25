import { StorageError } from '../../../core/errors';
import type { ObjectKey } from '../../../core/keys';
import type { Ledger } from '../../../core/ledger/ledger';
import type { BeginFile, BeginObject, BeginOptions, IntentOf, PlacedName, PublishOutcome } from '../../../core/ledger/words';
import type { LedgerRow } from '../../../core/ledger/state';
import { firstRow, nameId, nonce, ownNameFor, plainNameFor, published, spendPlain, ticketFor } from '../../../core/ledger/transitions';
import { bury } from './tombstones';
import { hasRow, lockedRow } from './rows';
import { apply, inTransaction, type LedgerContext, type Session } from './session';

export function writes(context: LedgerContext): Pick<Ledger, 'begin' | 'beginUploads' | 'beginRestores' | 'touch' | 'publish' | 'abandon' | 'forget'> {
  async function begin<R extends BeginObject | BeginFile>(request: R, options: BeginOptions = {}): Promise<IntentOf<R['kind']>> {
    const { key } = request;
    const known = options.known ?? (await hasRow(context, key));
    return inTransaction(context, async (session) => {
      const fresh = known || options.found ? undefined : await freshRow(session, request);
      // a row that this write could not insert is there by now
      const row = fresh ?? (await lockedRow(session, key, known || !options.found, options.found));
      const { id, name } = (await plainName(session, row, request, fresh)) ?? (await ownName(session, context, request));
      // the name has the kind that was requested
      return { id, key, ticket: options.ticket ?? ticketFor(row, id), ...name } as IntentOf<R['kind']>;
    });
  }

  return {
    begin,

    beginUploads: (uploads) =>
      inTransaction(context, async (session) => {
        const rows = await session.objects.lock(uploads.map(({ row }) => row.key));
        const wanted = uploads.map(({ row: read, ...place }): Wanted | undefined => {
          const row = rows.get(read.key);
          // guard: upload-begins-at-its-revision
          if (row?.rev !== read.rev) return undefined;
          // a second upload of the same key must not get the same name
          // guard: plain-name-once-in-a-batch
          rows.set(row.key, spendPlain(row));
          const request = { kind: 'object', key: row.key, ...place } as const;
          return { row, request, plain: plainNameFor(row, request) };
        });
        const plain = wanted.flatMap((one) => (one?.plain ? [{ key: one.row.key, name: one.plain, content: one.request.content }] : []));
        const ids = await session.names.insertAllPending(plain);
        await session.objects.spendPlain(plain.flatMap(({ key, name }) => (ids.has(nameId(name)) ? [key] : [])));
        const intents: (IntentOf<'object'> | undefined)[] = [];
        for (const one of wanted) intents.push(one && (await intentOf(session, context, one, ids)));
        return intents;
      }),

    beginRestores: (restores) =>
      inTransaction(context, async (session) => {
        const rows = await session.objects.lock(restores.map(({ row }) => row.key));
        const intents: (IntentOf<'file'> | undefined)[] = [];
        for (const { row: read, volume } of restores) {
          const row = rows.get(read.key);
          // guard: restore-begins-at-its-revision
          const begun = row?.rev === read.rev ? await ownName(session, context, { kind: 'file', key: row.key, volume, plainFree: false }) : undefined;
          // the name has the kind that was requested
          intents.push(row && begun && ({ id: begun.id, key: row.key, ticket: ticketFor(row, begun.id), ...begun.name } as IntentOf<'file'>));
        }
        return intents;
      }),

    touch: (intents) => inTransaction(context, ({ names }) => names.touch(intents)),
    abandon: (intents) => inTransaction(context, ({ names }) => names.condemnPending(intents)),
    forget: (intent) => inTransaction(context, ({ names }) => names.forget([intent])),

    publish: (publications, options) =>
      inTransaction(context, async (session) => {
        const { objects, names } = session;
        const intents = publications.map((write) => write.intent);
        const written = intents.map((intent) => intent.key);
        const dropped = (options.tombstones ?? []).filter((key) => !written.includes(key));
        const rows = await objects.lock([...written, ...dropped]);
        // guard: publish-needs-pending-names
        if ((await names.lockPending(intents)).size < intents.length) throw intentLost(written[0]);
        const rule = { ...options, graceMs: context.policy.supersededGraceMs };
        const outcomes: PublishOutcome[] = [];
        for (const write of publications) {
          const row = rows.get(write.intent.key);
          if (!row) throw intentLost(write.intent.key);
          const result = published(row, write, rule);
          outcomes.push(result.outcome);
          if (result.outcome === 'superseded') {
            // guard: superseded-name-is-condemned
            await names.condemnPending([write.intent]);
          } else {
            // guard: live-name-is-not-pending
            await names.forget([write.intent]);
            await apply(session, result);
            // guard: publish-sees-its-own-writes
            rows.set(row.key, result.row);
          }
        }
        for (const key of dropped) await bury(session, rows.get(key), context.policy.supersededGraceMs);
        return outcomes;
      }),
  };
}

interface Wanted {
  readonly row: LedgerRow;
  readonly request: BeginObject;
  readonly plain: PlacedName | undefined;
}

/** Returns the intent of the plain name if it was recorded just now, and otherwise records an own name. */
async function intentOf(session: Session, context: LedgerContext, { row, request, plain }: Wanted, recorded: ReadonlyMap<string, number>): Promise<IntentOf<'object'>> {
  const id = plain && recorded.get(nameId(plain));
  const own = plain && id !== undefined ? { id, name: plain } : await ownName(session, context, request);
  return { id: own.id, key: row.key, ticket: ticketFor(row, own.id), ...own.name } as IntentOf<'object'>;
}

type Recorded = { id: number; name: PlacedName };

/**
 * Inserts the first row of a key, with its plain name spent already where this write will ask for that name: the same statement does both.
 * Returns undefined when the key has a row after all.
 */
async function freshRow({ objects }: Session, request: BeginObject | BeginFile): Promise<LedgerRow | undefined> {
  const first = firstRow(request.key, undefined);
  const [row] = await objects.insert([plainNameFor(first, request)?.kind === 'object' ? spendPlain(first) : first]);
  return row;
}

/**
 * Records the plain name as pending. Returns undefined when this write may not have it, or when it is recorded already.
 * @param fresh the row, if this write has inserted it
 */
async function plainName(
  { objects, names }: Session,
  row: LedgerRow,
  request: BeginObject | BeginFile,
  fresh: LedgerRow | undefined,
): Promise<Recorded | undefined> {
  const name = plainNameFor(fresh ? firstRow(row.key, undefined) : row, request);
  const id = name && (await names.insertPending(row.key, name, request.content));
  if (!name || id === undefined) return undefined;
  // guard: plain-name-is-spent
  if (name.kind === 'object' && !row.plainUsed) await objects.spendPlain([row.key]);
  return { id, name };
}

function ownName({ names }: Session, { random }: LedgerContext, request: BeginObject | BeginFile): Promise<Recorded> {
  return names.insertOwn(request.key, request.kind, (id) => ownNameFor(request, id, nonce(random)));
}

function intentLost(key: ObjectKey | undefined): StorageError {
  return new StorageError('INTENT_LOST', { operation: 'publish', subject: key, refused: true });
}

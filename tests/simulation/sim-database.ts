import { AsyncLocalStorage } from 'node:async_hooks';

import type { Clock } from '../../server/src/core/clock';
import type { ObjectKey } from '../../server/src/core/keys';
import type { Inventories } from '../../server/src/core/ledger/inventories';
import { MemoryInventories } from '../../server/src/core/memory/inventories';
import { MemoryLedger } from '../../server/src/core/memory/ledger';
import { MemoryOwnerBook } from '../../server/src/core/memory/owner-book';
import type { OwnerBook } from '../../server/src/core/buckets/owner/owner-book';
import type { Ledger } from '../../server/src/core/ledger/ledger';
import type { UploadToBegin } from '../../server/src/core/ledger/moves';
import type { BeginObject } from '../../server/src/core/ledger/words';
import type { LibraryFile, MediaLibrary } from '../../server/src/core/media/library';
import type { MediaCatalog } from '../../server/src/core/media/catalog';
import { DatabaseError, type Faults } from './faults';
import type { Life, Scheduler, Transaction } from './scheduler';

/** Methods that only read. Every other one changes something, and the answer of its COMMIT can be lost. */
const READS: ReadonlySet<string> = new Set([
  ...['find', 'isEmpty', 'duePurges', 'dueNames', 'locations', 'tallies', 'list', 'count', 'stillDue', 'dueToSettle', 'leftToSettle', 'page', 'rowsOf', 'onlyAt', 'isInUse'],
  ...['pendingWork', 'scan', 'copiesElsewhere', 'condemnedFiles', 'recordedNames', 'liveFiles', 'proofOf'],
]);

/** The host's database: the ledger and the media library's list of files, as one process reaches it. */
export interface Connection {
  readonly ledger: Ledger;
  readonly catalog: MediaCatalog;
  readonly library: MediaLibrary;
  readonly inventories: Inventories;
  readonly owners: OwnerBook;
  inTransaction(): boolean;
  /** Does `work` in the host's transaction, which is rolled back when `work` throws or the COMMIT fails. */
  transaction(work: () => Promise<void>): Promise<void>;
  /** Does one statement of the host on its own tables. */
  change(label: string, apply: () => void): Promise<void>;
}

/** The media library's table of files. It maps a file to its keys and gives it an id that grows. */
class ListedFiles extends Map<string, readonly ObjectKey[]> {
  #lastId = 0;
  readonly #ids = new Map<string, number>();

  override set(file: string, keys: readonly ObjectKey[]): this {
    if (!this.has(file)) this.#ids.set(file, ++this.#lastId);
    return super.set(file, keys);
  }

  page(after: number, limit: number): LibraryFile[] {
    const files = [...this].map(([file, names]) => ({ id: this.#ids.get(file) as number, provider: 'local', names }));
    return files.filter(({ id }) => id > after).sort((a, b) => a.id - b.id).slice(0, limit);
  }
}

/** One storage for all databases, because each further one would slow every JavaScript promise down. */
const ambient = new AsyncLocalStorage<Transaction>();

export class SimDatabase {
  readonly ledger: MemoryLedger;
  readonly owners: MemoryOwnerBook;
  readonly #inventories = new MemoryInventories();
  /** The media library's files, each with its keys. */
  readonly files = new ListedFiles();
  /** The step in which a write of a key was last recorded. */
  readonly recorded = new Map<ObjectKey, number>();
  #lastRun = 0;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly faults: Faults,
    clock: Pick<Clock, 'now' | 'random'>,
    private readonly idsReturn: boolean,
    private readonly onRollBack: () => void,
    /** The database of which this one is a copy. */
    from?: SimDatabase,
  ) {
    this.ledger = from?.ledger.copy() ?? new MemoryLedger(clock);
    this.owners = from?.owners.copy() ?? new MemoryOwnerBook();
    for (const [file, keys] of from?.files ?? []) this.files.set(file, keys);
  }

  /** The id of a run, which no other run has. */
  nextRunId(): number {
    return ++this.#lastRun;
  }

  isListed(key: ObjectKey): boolean {
    return [...this.files.values()].some((keys) => keys.includes(key));
  }

  connect(life: Life): Connection {
    const request = async <T>(label: string, reads: boolean, apply: () => T | Promise<T>): Promise<T> => {
      const transaction = ambient.getStore() ?? null;
      await (reads ? this.scheduler.look(life, label, { database: transaction }) : this.scheduler.wait(life, label, { database: transaction }));
      // within a transaction a lost answer means a lost connection and a roll-back; the COMMIT has faults of its own
      const fault = transaction ? 'none' : this.faults.database();
      if (fault === 'failed') throw new DatabaseError(label);
      const answer = await apply();
      await this.scheduler.answer(life, label);
      if (fault === 'answer-lost' && !reads) throw new DatabaseError(`${label}, committed`);
      return answer;
    };
    const listed: MediaCatalog['listed'] = (keys) => request('library listed', true, () => new Set(keys.filter((key) => this.isListed(key))));
    return {
      ledger: new Proxy<Ledger>(this.ledger, {
        get: (target, method: keyof Ledger) => {
          const call = target[method] as (...args: unknown[]) => Promise<unknown>;
          return (...args: unknown[]) => request(`ledger ${method} ${subjectOf(args[0])}`, READS.has(method), () => {
            for (const key of begunBy(method, args[0])) this.recorded.set(key, this.scheduler.step);
            return call.apply(target, args);
          });
        },
      }),
      catalog: { listed, listedAnywhere: listed },
      library: {
        page: ({ after, limit }) => request('library page', true, () => this.files.page(after, limit)),
        logos: () => request('library logos', true, () => []),
      },
      inventories: {
        of: (volume) => request(`inventory of ${volume}`, true, () => this.#inventories.of(volume)),
        save: (volume, inventory) => request(`inventory save ${volume}`, false, () => this.#inventories.save(volume, inventory)),
      },
      owners: {
        find: (area) => request('owner find', true, () => this.owners.find(area)),
        areas: (...at) => this.owners.areas(...at),
        ofOwner: (...of) => request('owner by another name', true, () => this.owners.ofOwner(...of)),
        create: (...of) => request('owner create', false, () => this.owners.create(...of)),
        replace: (...of) => request('owner replace', false, () => this.owners.replace(...of)),
        remove: (...of) => request('owner remove', false, () => this.owners.remove(...of)),
      },
      inTransaction: () => ambient.getStore() !== undefined,
      transaction: async (work) => {
        await this.scheduler.wait(life, 'BEGIN', { database: null });
        const files = new Map(this.files);
        const undoLedger = this.ledger.checkpoint(this.idsReturn);
        const transaction: Transaction = {
          life,
          rollBack: () => {
            this.onRollBack();
            undoLedger();
            this.files.clear();
            for (const [file, keys] of files) this.files.set(file, keys);
          },
        };
        this.scheduler.transaction = transaction;
        const end = () => {
          if (this.scheduler.transaction === transaction) this.scheduler.transaction = null;
        };
        try {
          await ambient.run(transaction, work);
          await this.scheduler.wait(life, 'COMMIT', { database: transaction });
        } catch (error) {
          transaction.rollBack();
          end();
          throw error;
        }
        const fault = this.faults.database();
        if (fault === 'failed') transaction.rollBack();
        end();
        await this.scheduler.answer(life, 'COMMIT');
        if (fault !== 'none') throw new DatabaseError(`COMMIT ${fault}`);
      },
      change: (label, apply) => request(label, false, apply),
    };
  }
}

/** The keys for which a call records that a write begins. */
function begunBy(method: string, argument: unknown): ObjectKey[] {
  if (method === 'begin') return [(argument as BeginObject).key];
  return method === 'beginUploads' ? (argument as readonly UploadToBegin[]).map(({ row }) => row.key) : [];
}

function subjectOf(argument: unknown): string {
  if (typeof argument === 'string') return argument;
  const { key, intent, name, row } = (Array.isArray(argument) ? (argument[0] ?? {}) : (argument ?? {})) as { key?: string; name?: string; intent?: { key: string; name: string }; row?: { key: string } };
  return intent ? `${intent.key} → ${intent.name}` : [key ?? row?.key, name].filter(Boolean).join(' → ');
}

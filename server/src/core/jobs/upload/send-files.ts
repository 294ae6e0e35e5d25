import { isNoAnswer, isStorageError, StorageError } from '../../errors';
import { plainObjectName } from '../../keys';
import type { ProvenUpload, UploadToBegin } from '../../ledger/moves';
import type { IntentOf } from '../../ledger/words';
import { isIn, type LedgerRow, type RowIn } from '../../ledger/state';
import { seenUnder, send, type WritableBucket } from '../../buckets/send';
import type { MoveParts } from '../deps';
import { prove } from '../../buckets/proof';
import type { Body, ObjectFacts } from '../../store/object-store';
import { noteFailure } from '../../buckets/failures';
import type { IsFree } from './free-names';
import { AT_ONCE, rowsInHand } from '../../pool/at-once';
import { limit } from '../../pool/limit';
import { fewInParts, pace } from '../pace';
import { localBody } from '../local-copy';
import { together, type Gathering } from '../../pool/together';

export interface Uploads {
  /** Number of rows to work on at once. */
  readonly inHand: number;
  /**
   * Uploads one file of this disk, proves it and commits it as `both`. The file stays on the disk. If the same bytes lie in the
   * bucket under the plain name already, they are proven and adopted instead.
   * @returns whether the row was committed; a failure is noted in the ledger
   */
  upload(row: LedgerRow): Promise<boolean>;
}

export interface UploadsOptions {
  /** Largest number of files that move at once. */
  readonly concurrency: number;
  /** Number of rows that are claimed at once. */
  readonly batchSize: number;
  /** No further file is opened once it aborts. A small file that was read and not yet sent is given back. */
  readonly signal: AbortSignal;
  /** Breaks off the reading of files; `signal` by default. */
  readonly halt?: AbortSignal;
  /** Breaks off the sending of files; `signal` by default. */
  readonly hurry?: AbortSignal;
  /** Tells for small files whether a plain name is free, so that S3 need not be asked. It is given only where S3 refuses to overwrite. */
  readonly isFree?: IsFree;
}

/** How small files, or larger ones, are uploaded. */
interface Way {
  begin(upload: UploadToBegin): Promise<IntentOf<'object'> | undefined>;
  commit(upload: ProvenUpload): Promise<boolean>;
  /** Runs work that reads the disk. */
  reading<T>(work: () => Promise<T>): Promise<T>;
  /** Runs work that sends requests to S3. */
  moving<T>(work: () => Promise<T>): Promise<T>;
  /** A file of up to this size, in bytes, is held in memory. */
  readonly heldBytes: number;
  /** Once it aborts, a file that was read and not yet sent is given back. */
  readonly givenBack: AbortSignal;
}

export function uploads(deps: MoveParts, { concurrency, batchSize, signal, halt = signal, hurry = signal, isFree }: UploadsOptions): Uploads {
  const { ledger, clock } = deps;
  const inHand = rowsInHand({ concurrency, batchSize });
  // equal numbers of rows may wait for each of the two steps, while up to twice `concurrency` rows are read or sent
  const atMost = Math.max(Math.ceil(inHand / 4), Math.floor(inHand / 2) - concurrency);
  const steps = (gathering: Omit<Gathering, 'clock'>) => ({
    begin: together(ledger.beginUploads, { clock, ...gathering }),
    commit: together(ledger.commitUploads, { clock, ...gathering }),
  });
  const inLane = pace(deps, concurrency);
  const largeInLane = fewInParts(inLane);
  // a small file leaves its lane while it waits for the ledger; a larger one keeps it, so that few larger files are held in memory
  const small: Way = { ...steps({ lingerMs: AT_ONCE.lingerMs, atMost }), reading: limit(concurrency), moving: inLane, heldBytes: 0, givenBack: signal };
  const atOnce = <T>(work: () => Promise<T>) => work();
  // reading a large file may take longer than the run's time; it is still sent, because each run would have to read it again otherwise
  const large: Way = { ...steps({ lingerMs: AT_ONCE.lingerLargeMs, atMost: concurrency }), reading: atOnce, moving: atOnce, heldBytes: AT_ONCE.heldBytes / concurrency, givenBack: halt };

  const move = async (bucket: WritableBucket, row: RowIn<'local'>, { begin, commit, reading, moving, heldBytes, givenBack }: Way, unasked: boolean): Promise<boolean> => {
    const { key, placement } = row;
    const object = plainObjectName(bucket.prefix, key);
    const requireGoingOn = (over: AbortSignal) => {
      if (over.aborted) throw new StorageError('ABORTED', { operation: 'put', subject: key, refused: true });
    };
    const look = async () => {
      // an earlier write of the plugin has the plain name: its object may lie there unproven, or land there late
      if (row.plainUsed) return 'unknown';
      return unasked ? 'nothing' : moving(() => seenUnder(bucket.store, object, givenBack));
    };
    const body = await reading(() => {
      // after a stop, or the end of the run's time, a file that waits for its turn is not opened any more
      requireGoingOn(signal);
      return localBody(deps, key, placement.local, placement.content, { heldBytes, signal: halt });
    });
    const seen = await look();
    const same = typeof seen === 'object' ? await moving(() => sameBytes(bucket, object, body, seen, givenBack)) : undefined;
    if (same) return ledger.commitAdoption(row, { locationId: bucket.locationId, object, etag: same.etag }, body.md5);
    const content = { size: body.size, md5: body.md5 };
    const begun = await begin({ row, locationId: bucket.locationId, prefix: bucket.prefix, plainFree: seen === 'nothing', content });
    if (!begun) return false;
    const sent = await moving(async () => {
      const options = { mime: placement.content.mime, begun, onlyIfAbsent: unasked, background: true, signal: hurry };
      // while this file waited for its turn, the settings may have changed the bucket, or somebody may have stopped the run
      if (!givenBack.aborted && deps.buckets.writable?.locationId === bucket.locationId) return send(deps, bucket, key, body, options);
      await ledger.forget(begun);
      requireGoingOn(givenBack);
      return undefined;
    });
    return sent ? commit({ row, ...sent, md5: body.md5 }) : false;
  };

  return {
    inHand,
    async upload(row) {
      const bucket = deps.buckets.writable;
      if (!bucket || !isIn(row, 'local')) return false;
      const isSmall = row.placement.content.size <= AT_ONCE.smallBytes;
      const unasked = isSmall && (isFree?.(plainObjectName(bucket.prefix, row.key)) ?? false);
      try {
        const committed = await (isSmall ? move(bucket, row, small, unasked) : largeInLane(row.placement.content.size, () => move(bucket, row, large, false)));
        deps.rows.forget([row.key]);
        return committed;
      } catch (error) {
        await noteFailure(deps, row, error);
        return false;
      }
    },
  };
}

/** Returns the facts of the object that was seen, if it is proven to have these bytes. @throws StorageError when S3 is away */
async function sameBytes(bucket: WritableBucket, object: string, body: Body, seen: ObjectFacts, signal: AbortSignal): Promise<ObjectFacts | undefined> {
  try {
    // guard: same-object-is-proven
    return await prove(bucket.store, object, body, undefined, { seen, signal });
  } catch (error) {
    if (!isStorageError(error) || isNoAnswer(error)) throw error;
    return undefined;
  }
}

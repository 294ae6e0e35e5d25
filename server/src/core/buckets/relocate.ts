import type { LedgerMoves } from '../ledger/moves';
import type { RowIn } from '../ledger/state';
import type { Clock } from '../clock';
import { describedBody, failureOfSource } from '../store/bodies';
import type { CopySource, ObjectStore } from '../store/object-store';
import type { ObjectKey, ObjectName } from '../keys';
import { send, type WritableBucket, type WriteLedger } from './send';

export interface RelocateParts {
  readonly ledger: WriteLedger & Pick<LedgerMoves, 'commitRelocation'>;
  readonly clock: Clock;
  /** The rows that this process remembers. */
  readonly rows: { forget(keys: readonly ObjectKey[]): void };
}

/** An object with a row's bytes, and the store in which it lies. */
export interface Source {
  readonly store: Pick<ObjectStore, 'get'>;
  readonly name: ObjectName;
  /** The same object, where S3 itself may copy it to the writable bucket. */
  readonly copyOf?: CopySource;
}

export interface RelocateOptions {
  /** Whether the row's present object is not the one that was stored, so that the ledger must forget it. */
  readonly forgetFormer?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Sends a row's bytes from another object to the writable bucket, proves them by the checksum that the ledger knows, and points the row to the
 * new object. S3 copies them where it can, else they go through this server, and are never held as a whole. The source stays as it is.
 * @returns false when the row has changed meanwhile
 * @throws StorageError OBJECT_NOT_FOUND or why the source could not be read; INTEGRITY if its bytes are not the row's; or why the bucket did
 *   not take them
 */
export async function relocate(deps: RelocateParts, bucket: WritableBucket, row: RowIn<'remote' | 'both'>, source: Source, options: RelocateOptions = {}): Promise<boolean> {
  const { forgetFormer = false, signal } = options;
  const { content } = row.placement;
  // an own name in any case: a former write may have had the plain one
  const sent = await send(deps, bucket, row.key, describedBody(content, source.store, source.name), { mime: content.mime, plainUsed: true, background: true, copyOf: source.copyOf, signal }).catch((error: unknown) => {
    throw failureOfSource(error);
  });
  const committed = await deps.ledger.commitRelocation(row, sent.intent, { etag: sent.etag, forgetFormer });
  deps.rows.forget([row.key]);
  return committed;
}

import { AT_ONCE } from '../pool/at-once';
import type { SweepParts } from './deps';

/**
 * Ends the tombstones that are due. If the media library still lists the key, because Strapi's own deletion failed or was rolled back,
 * the purge takes the tombstone away. Otherwise the row becomes `gone`, and its names are condemned. The purge touches no bytes.
 * @returns the number of purged rows
 */
export async function purge(deps: SweepParts, signal: AbortSignal): Promise<number> {
  // nobody knows yet whether the objects of these rows are this project's to condemn
  // guard: purge-waits-for-the-owner
  if (deps.instance.awaitsOwner) return 0;
  let done = 0;
  while (!signal.aborted) {
    const due = await deps.ledger.duePurges(AT_ONCE.purgeBatch);
    if (due.length === 0) break;
    const listed = await deps.catalog.listedAnywhere(due.map((row) => row.key));
    let moved = 0;
    for (const row of due) {
      const purged = await deps.ledger.purge(row, {
        referenced: listed.has(row.key),
        condemnObjects: deps.buckets.writable !== undefined,
      });
      if (purged) moved++;
    }
    deps.rows.forget(due.map((row) => row.key));
    done += moved;
    // the next run looks at the rows that changed meanwhile
    if (moved === 0) break;
  }
  return done;
}

import { AT_ONCE } from '../pool/at-once';
import type { SweepParts } from './deps';

/**
 * Ends burials whose time has come: a key the media library still lists gets its tombstone taken away (Strapi's own
 * delete failed or was rolled back), any other becomes `gone` and its names are condemned. No bytes are touched here.
 * @returns how many rows were dealt with
 */
export async function purge(deps: SweepParts, signal: AbortSignal): Promise<number> {
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
    // rows that moved on meanwhile are looked at in the next run
    if (moved === 0) break;
  }
  return done;
}

import type { LedgerReports } from '../../ledger/reports';
import type { EngineParts } from '../../media/deps';
import { AT_ONCE } from '../../pool/at-once';

/** Delay before the purge of a file that was deleted without the plugin, in milliseconds. The purge asks the library again. */
const TRASH_MS = 7 * 24 * 3600_000;

export type DeletedParts = EngineParts<Pick<LedgerReports, 'page' | 'buryUnlisted'>>;

/**
 * Buries the files that the library does not list any more, because Strapi deleted them while the plugin was away. Visitors get 404 from
 * then on, and nothing goes for a week. It leaves out what has changed in this process's time, since that may belong to a request that has
 * not ended.
 * @param beganAt when this process began, by the clock's `elapsed`
 * @returns how many it buried; undefined when `signal` has ended it
 * @throws the database's errors
 */
export async function buryDeleted({ ledger, catalog, rows, clock }: DeletedParts, beganAt: number, signal: AbortSignal): Promise<number | undefined> {
  let buried = 0;
  let after: string | null = null;
  do {
    if (signal.aborted) return undefined;
    const page = await ledger.page({ after, limit: AT_ONCE.page });
    const old = page.rows.filter(({ row, unchangedMs }) => row.tombstone === null && unchangedMs >= clock.elapsed() - beganAt).map(({ row }) => row);
    const listed = old.length > 0 ? await catalog.listedAnywhere(old.map(({ key }) => key)) : new Set();
    for (const row of old) {
      if (listed.has(row.key)) continue;
      if (!(await ledger.buryUnlisted(row, TRASH_MS))) continue;
      rows.forget([row.key]);
      buried++;
    }
    after = page.next;
  } while (after !== null);
  return buried;
}

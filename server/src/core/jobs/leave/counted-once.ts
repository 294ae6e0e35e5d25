import type { AuditedRow } from '../../ledger/reports';
import type { LedgerRow } from '../../ledger/state';
import type { MoveParts } from '../deps';
import type { RunProgress } from '../../runner/run-progress';
import { sizeOf } from '../sizes';

/**
 * Counts the files that are proven and lie at their plain paths. Leaving may take many runs, and counts each file once. A file that
 * a run has fetched or settled comes up again when all copies are checked; it is not counted again, because its row has changed
 * since the counting began.
 */
export class CountedOnce {
  #since: number;
  #counted = { count: 0, bytes: 0 };

  constructor(private readonly deps: Pick<MoveParts, 'ledger' | 'clock' | 'volume'>) {
    this.#since = deps.clock.elapsed();
  }

  /** Begins the counting anew, because everything is looked at again. */
  anew(): void {
    this.#since = this.deps.clock.elapsed();
    this.#counted = { count: 0, bytes: 0 };
  }

  /** Adds the files on this disk that are not counted yet to what the run expects. The fetching adds the files that are in S3 only. */
  async expectRest(progress: RunProgress): Promise<void> {
    const { both, onlyOn } = await this.deps.ledger.tallies();
    const here = onlyOn.find(({ volume }) => volume === this.deps.volume.id) ?? { count: 0, bytes: 0 };
    const rest = (what: 'count' | 'bytes') => Math.max(0, both[what] + here[what] - this.#counted[what]);
    progress.expect(rest('count'), rest('bytes'));
  }

  /** Counts a file that was there when the counting began. A file that came later was counted when it came, or was not expected. */
  found({ row, unchangedMs }: AuditedRow, progress: RunProgress): void {
    if (unchangedMs > this.deps.clock.elapsed() - this.#since && 'content' in row.placement) this.arrived(row, progress);
  }

  /** Counts a file that has its plain path. */
  arrived(row: LedgerRow, progress: RunProgress): void {
    const bytes = sizeOf(row);
    this.#counted = { count: this.#counted.count + 1, bytes: this.#counted.bytes + bytes };
    progress.done(bytes);
  }
}

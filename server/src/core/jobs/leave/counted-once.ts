import type { AuditedRow } from '../../ledger/reports';
import type { LedgerRow } from '../../ledger/state';
import type { MoveParts } from '../deps';
import type { RunProgress } from '../../runner/run-progress';
import { sizeOf } from '../sizes';

/**
 * Leaving counts the files that lie at their plain paths and are proven, each once, however many runs that takes: a file that a run
 * has fetched, or settled, is there again when all are checked, and has changed since the counting began.
 */
export class CountedOnce {
  #since: number;
  #counted = { count: 0, bytes: 0 };

  constructor(private readonly deps: Pick<MoveParts, 'ledger' | 'clock' | 'volume'>) {
    this.#since = deps.clock.elapsed();
  }

  /** Everything is looked at again. */
  anew(): void {
    this.#since = this.deps.clock.elapsed();
    this.#counted = { count: 0, bytes: 0 };
  }

  /** Expects the files on this disk that have not been counted; whoever fetches what is in S3 only expects that. */
  async expectRest(progress: RunProgress): Promise<void> {
    const { both, onlyOn } = await this.deps.ledger.tallies();
    const here = onlyOn.find(({ volume }) => volume === this.deps.volume.id) ?? { count: 0, bytes: 0 };
    const rest = (what: 'count' | 'bytes') => Math.max(0, both[what] + here[what] - this.#counted[what]);
    progress.expect(rest('count'), rest('bytes'));
  }

  /** A file that was there when the counting began; what came since was counted when it came, or not expected. */
  found({ row, unchangedMs }: AuditedRow, progress: RunProgress): void {
    if (unchangedMs > this.deps.clock.elapsed() - this.#since && 'content' in row.placement) this.arrived(row, progress);
  }

  arrived(row: LedgerRow, progress: RunProgress): void {
    const bytes = sizeOf(row);
    this.#counted = { count: this.#counted.count + 1, bytes: this.#counted.bytes + bytes };
    progress.done(bytes);
  }
}

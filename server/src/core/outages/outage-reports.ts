import type { ErrorCode } from '../../contracts/errors';
import type { Clock } from '../clock';
import { printable, type StorageError } from '../errors';
import type { LedgerReports } from '../ledger/reports';
import type { LocationId } from '../ledger/words';
import { remoteOf } from '../ledger/state';
import type { Logger } from '../log';
import type { CircuitBreaker } from '../store/resilience/breaker';
import type { Events, OutageOf } from '../events';
import type { Outage } from './outage';
import { outageOfUpload } from './outage-of';
import { ReadWatch } from '../store/resilience/read-watch';
import type { ObjectStore } from '../store/object-store';

export interface OutageReportsDeps {
  clock: Clock;
  log: Logger;
  outage: Outage;
  ledger: Pick<LedgerReports, 'list'>;
  breaker: CircuitBreaker;
  /** The present bucket. */
  store(): ObjectStore;
  locationId: LocationId;
  events: Events;
}

/** So many objects are asked for, to learn whether one is refused or all are. */
const OTHERS = 5;
/** S3 has taken something within so many milliseconds: one upload that fails is no outage yet. */
const JUST_NOW_MS = 20_000;
/** These may be one file's own trouble. */
const MAYBE_ONE: readonly ErrorCode[] = ['UNREACHABLE', 'TIMEOUT', 'SERVER_ERROR'];
/** With these S3 refuses what it was asked, and goes on doing so until somebody does something. */
const REFUSALS: readonly ErrorCode[] = [
  'ACCESS_DENIED', 'INVALID_ACCESS_KEY', 'SIGNATURE_MISMATCH', 'NO_CREDENTIALS', 'CLOCK_SKEW', 'BUCKET_NOT_FOUND', 'WRONG_REGION', 'TLS_FAILED', 'NOT_S3', 'UNSUPPORTED',
];

/** Makes of what one connection goes through what the administrator is told: an outage of all, of reads or of uploads, or none. */
export class OutageReports {
  readonly reads: ReadWatch;
  /** Uploads that were kept on the disk, and nobody knows yet whether S3 is the cause. */
  #undecided = 0;
  readonly #unlisten: readonly (() => void)[];

  constructor(private readonly deps: OutageReportsDeps) {
    const { clock, log, outage, breaker } = deps;
    const recovered = () => deps.events.emit('recovered', {});
    this.reads = new ReadWatch({
      clock,
      others: () => this.#others(),
      answers: () => breaker.state.kind === 'closed',
      onRefused: ({ code, detail }) => outage.begins(code, 'reads', detail),
      onReadable: () => void outage.ends('reads'),
      onOneRefused: (name, error) => log.warn(`The object "${printable(name)}" cannot be read from S3, others can: ${error.message} ${error.hint}`),
    });
    this.#unlisten = [
      breaker.writes.onChange((now, before) => {
        if (now.kind === 'open' && before.kind === 'closed') this.#begins(now.cause.code, 'writes', now.cause.detail);
        if (now.kind !== 'closed') return;
        outage.ends('writes');
        recovered();
      }),
      breaker.onChange((now, before) => {
        // not before the probe has failed as well: it may have been a few requests that failed by themselves
        if (now.kind === 'open' && now.probes > 0) outage.begins(now.cause.code, 'all', now.cause.detail);
        if (now.kind !== 'closed') return;
        outage.ends('all');
        // the failures of uploads were part of it
        if (before.kind === 'half-open' && before.probes > 0) outage.ends('writes');
        recovered();
      }),
    ];
  }

  /** A body was stored and proven. Refusals (rights, a wrong secret) leave the breaker closed: their end is the first success. */
  sent(): void {
    this.#undecided = 0;
    if (this.deps.outage.ends('all', 'writes')) this.deps.events.emit('recovered', {});
  }

  /** A body that nobody waits for was not stored. */
  failed({ code, detail }: StorageError): void {
    const { breaker } = this.deps;
    const answers = breaker.state.kind === 'closed';
    const lasts = answers && MAYBE_ONE.includes(code) && !breaker.writes.tookWithin(JUST_NOW_MS);
    if (REFUSALS.includes(code) || lasts) this.#begins(code, this.#outageOf(code), detail);
  }

  /** An editor's upload was kept on the disk, or refused where `kept` is false. */
  unsent(code: ErrorCode, kept: boolean, detail?: string): void {
    const { outage, breaker } = this.deps;
    // S3 takes other files
    if (code === 'TOO_LARGE' || code === 'FILE_REFUSED') return;
    const works = breaker.state.kind === 'closed' && breaker.writes.state.kind === 'closed';
    if (kept && works && MAYBE_ONE.includes(code) && breaker.writes.tookWithin(JUST_NOW_MS)) {
      // it may be this file alone: the next upload tells, or the next attempt of this one
      this.#undecided++;
    } else if (kept) {
      outage.fellBack(code, this.#outageOf(code), detail);
    } else {
      outage.begins(code, this.#outageOf(code), detail);
    }
  }

  close(): void {
    for (const unlisten of this.#unlisten) unlisten();
    this.reads.stop();
  }

  #outageOf(code: ErrorCode): OutageOf {
    const { breaker } = this.deps;
    if (breaker.state.kind !== 'closed') return 'all';
    return breaker.writes.state.kind === 'closed' ? outageOfUpload(code) : 'writes';
  }

  /** Uploads fail, and not one alone. */
  #begins(code: ErrorCode, of: OutageOf, detail: string | undefined): void {
    const { outage } = this.deps;
    outage.begins(code, of, detail);
    for (; this.#undecided > 0; this.#undecided--) outage.fellBack(code, of, detail);
  }

  async #others() {
    const { ledger, locationId, store } = this.deps;
    const first = { offset: 0, limit: OTHERS };
    const rows = [...(await ledger.list({ state: 'remote' }, first)), ...(await ledger.list({ state: 'both' }, first))];
    return rows.flatMap((row) => {
      const remote = remoteOf(row);
      const isHere = remote?.locationId === locationId && 'content' in row.placement && row.placement.content.size > 0;
      return remote && isHere ? [{ store: store(), name: remote.object }] : [];
    });
  }
}

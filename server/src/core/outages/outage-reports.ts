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
  /** Returns the store of the present bucket. */
  store(): ObjectStore;
  locationId: LocationId;
  events: Events;
}

/** Number of other objects in each of two states that the plugin reads to learn whether S3 refuses one object or all. */
const OTHERS = 5;
/** Time after a successful upload in which one failing upload is no outage yet, in milliseconds. */
const JUST_NOW_MS = 20_000;
/** Codes that may be the trouble of a single file. */
const MAYBE_ONE: readonly ErrorCode[] = ['UNREACHABLE', 'TIMEOUT', 'SERVER_ERROR'];
/** Codes with which S3 refuses a request, and goes on refusing it until somebody acts. */
const REFUSALS: readonly ErrorCode[] = [
  'ACCESS_DENIED', 'INVALID_ACCESS_KEY', 'SIGNATURE_MISMATCH', 'NO_CREDENTIALS', 'CLOCK_SKEW', 'BUCKET_NOT_FOUND', 'WRONG_REGION', 'TLS_FAILED', 'NOT_S3', 'UNSUPPORTED',
];

/** Decides from the failures and successes of one connection whether there is an outage, and of which part: all, reads or uploads. */
export class OutageReports {
  readonly reads: ReadWatch;
  /** Number of uploads that went to the disk while nobody knew yet whether S3 was the cause. */
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
        // an outage begins only after the probe has failed as well, because a few requests may have failed by themselves
        if (now.kind === 'open' && now.probes > 0) outage.begins(now.cause.code, 'all', now.cause.detail);
        if (now.kind !== 'closed') return;
        outage.ends('all');
        // the failures of uploads were part of this outage
        if (before.kind === 'half-open' && before.probes > 0) outage.ends('writes');
        recovered();
      }),
    ];
  }

  /** Notes that a body was stored and proven. Refusals (rights, a wrong secret) leave the breaker closed, so that the first success ends them. */
  sent(): void {
    this.#undecided = 0;
    if (this.deps.outage.ends('all', 'writes')) this.deps.events.emit('recovered', {});
  }

  /** Notes that S3 did not store a body for which nobody waits. */
  failed({ code, detail }: StorageError): void {
    const { breaker } = this.deps;
    const answers = breaker.state.kind === 'closed';
    const lasts = answers && MAYBE_ONE.includes(code) && !breaker.writes.tookWithin(JUST_NOW_MS);
    if (REFUSALS.includes(code) || lasts) this.#begins(code, this.#outageOf(code), detail);
  }

  /** Notes that an editor's upload went to the disk, or was refused if `kept` is false. */
  unsent(code: ErrorCode, kept: boolean, detail?: string): void {
    const { outage, breaker } = this.deps;
    // S3 takes other files all the same
    if (code === 'TOO_LARGE' || code === 'FILE_REFUSED') return;
    const works = breaker.state.kind === 'closed' && breaker.writes.state.kind === 'closed';
    if (kept && works && MAYBE_ONE.includes(code) && breaker.writes.tookWithin(JUST_NOW_MS)) {
      // this may be the trouble of this file alone: the next upload, or the next attempt with this file, tells
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

  /** Begins an outage, because not just a single upload fails. */
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

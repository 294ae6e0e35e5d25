import type { ErrorCode } from '../../contracts/errors';
import type { Clock } from '../clock';
import type { Events, OutageOf } from '../events';

/**
 * Keeps outages for the administrator: one incident for all processes that are in an outage at the same time, also across their
 * crashes. Times are the database's.
 */
export interface IncidentLog {
  /** Notes that this process's outage begins. It joins the open incident, or begins a new one. */
  begin(code: ErrorCode): Promise<void>;
  /**
   * Gives a sign of life during an outage; the process repeats it each minute. `fellBack`: the number of further uploads that went to the
   * disk. The sign takes back an end that another process has noted. `ended` ends the incident, unless another process takes that back.
   */
  note(facts: { fellBack: number; ended: boolean }): Promise<void>;
  /** Ends incidents of which no process has given a sign for five minutes, with the time of the last sign: their processes crashed. */
  endUnseen(): Promise<void>;
  /** Returns up to `limit` incidents, the newest first. An incident that {@link endUnseen} would end is answered as ended. */
  list(limit: number): Promise<Incident[]>;
}

export interface Incident {
  code: ErrorCode;
  startedAt: Date;
  endedAt: Date | null;
  fellBack: number;
}

/** An outage as the panel shows it. `since` is in milliseconds since the epoch; `detail` is in S3's own words. */
export interface CurrentOutage {
  readonly code: ErrorCode;
  readonly detail: string | null;
  readonly since: number;
  readonly fellBack: number;
  /** Whether reads fail. */
  readonly reads: boolean;
  /** Whether writes fail. */
  readonly writes: boolean;
}

interface Trouble {
  readonly code: ErrorCode;
  readonly detail: string | null;
}

interface Current {
  code: ErrorCode;
  since: number;
  /** Time at which the outage began, by the clock's `elapsed`. */
  begunAt: number;
  /** The parts of S3 that do not work, in the order in which they failed. */
  readonly of: Map<OutageOf, Trouble>;
  fellBack: number;
  ended: boolean;
  begun: boolean;
  /** The part of `fellBack` that the incident already contains. */
  noted: number;
}

/**
 * Makes one incident of all failures, from the first one to the moment when S3 works again: an event at the beginning, one at the end,
 * and a row for the administrator. The callers that report never wait for the database: {@link flush}, which runs after each change
 * and each minute, writes the changes down.
 */
export class Outage {
  #current: Current | undefined;
  /** The current outage, and those whose end is not written down yet. */
  readonly #unwritten = new Set<Current>();

  constructor(
    private readonly incidents: IncidentLog,
    private readonly clock: Clock,
    private readonly events: Events,
  ) {}

  get current(): CurrentOutage | undefined {
    const current = this.#current;
    const [trouble] = current?.of.values() ?? [];
    if (!current || !trouble) return undefined;
    const { since, fellBack, of } = current;
    return { ...trouble, since, fellBack, reads: of.has('all') || of.has('reads'), writes: of.has('all') || of.has('writes') };
  }

  /** Notes that S3 failed. It does nothing if that is known already. @param detail the failure in S3's own words */
  begins(code: ErrorCode, of: OutageOf = 'all', detail?: string): void {
    this.#ongoing(code, of, detail);
  }

  /** Notes that an upload went to the disk because of `code`. */
  fellBack(code: ErrorCode, of: OutageOf = 'all', detail?: string): void {
    const outage = this.#ongoing(code, of, detail);
    outage.fellBack++;
    this.events.emit('incidentChanged', {});
  }

  /** Notes that these parts of S3 work again; without arguments, all do. @returns whether that ends an outage */
  ends(...of: OutageOf[]): boolean {
    const ended = this.#close(of);
    if (!ended) return false;
    this.events.emit('outageEnded', { seconds: Math.round((this.clock.elapsed() - ended.begunAt) / 1000), fellBack: ended.fellBack });
    return true;
  }

  /** Forgets the outage, because the connection to S3 has changed and nobody knows whether the outage goes on. */
  forget(): void {
    if (this.#close([])) this.events.emit('outageForgotten', {});
  }

  /** @returns the outage if it has ended */
  #close(of: readonly OutageOf[]): Current | undefined {
    const ended = this.#current;
    if (!ended) return undefined;
    for (const one of of.length > 0 ? of : [...ended.of.keys()]) ended.of.delete(one);
    if (ended.of.size > 0) return undefined;
    this.#current = undefined;
    ended.ended = true;
    this.events.emit('incidentChanged', {});
    return ended;
  }

  /** Writes to the incident log what it does not contain yet. @throws the database's errors; the next call tries again */
  async flush(): Promise<void> {
    for (const outage of [...this.#unwritten]) {
      if (!outage.begun) await this.incidents.begin(outage.code);
      outage.begun = true;
      const { fellBack, ended } = outage;
      await this.incidents.note({ fellBack: fellBack - outage.noted, ended });
      outage.noted = fellBack;
      if (ended) this.#unwritten.delete(outage);
    }
    if (!this.#current) await this.incidents.endUnseen();
  }

  #ongoing(code: ErrorCode, of: OutageOf, detail?: string): Current {
    const known = this.#current;
    if (known) {
      if (!known.of.has(of)) known.of.set(of, { code, detail: detail ?? null });
      return known;
    }
    const begun: Current = {
      ...{ code, since: this.clock.now(), begunAt: this.clock.elapsed(), of: new Map([[of, { code, detail: detail ?? null }]]) },
      ...{ fellBack: 0, ended: false, begun: false, noted: 0 },
    };
    this.#current = begun;
    this.#unwritten.add(begun);
    this.events.emit('incidentChanged', {});
    this.events.emit('outageBegan', { code, of, detail });
    return begun;
  }
}


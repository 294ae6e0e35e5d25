import type { ErrorCode } from '../../contracts/errors';
import type { Clock } from '../clock';
import type { Events, OutageOf } from '../events';

/**
 * Where outages are kept for the administrator: one incident for all processes that are in an outage at the same time,
 * also across their crashes. Times are the database's.
 */
export interface IncidentLog {
  /** This process's outage begins: it joins the incident that is open, or begins one. */
  begin(code: ErrorCode): Promise<void>;
  /**
   * A sign of life from a process in its outage, due each minute: `fellBack` uploads more went to disk. It takes back an
   * end that another process wrote; `ended` ends the incident, unless another process takes that back.
   */
  note(facts: { fellBack: number; ended: boolean }): Promise<void>;
  /** Ends incidents of which no process has given a sign for five minutes, at that sign: their processes crashed. */
  endUnseen(): Promise<void>;
  /** Newest first; one that {@link endUnseen} would end is answered as ended. */
  list(limit: number): Promise<Incident[]>;
}

export interface Incident {
  code: ErrorCode;
  startedAt: Date;
  endedAt: Date | null;
  fellBack: number;
}

/** An outage as it is shown. `since` is in milliseconds since the epoch; `detail` is in S3's own words. */
export interface CurrentOutage {
  readonly code: ErrorCode;
  readonly detail: string | null;
  readonly since: number;
  readonly fellBack: number;
  /** Whether reads, and writes, fail. */
  readonly reads: boolean;
  readonly writes: boolean;
}

interface Trouble {
  readonly code: ErrorCode;
  readonly detail: string | null;
}

interface Current {
  code: ErrorCode;
  since: number;
  /** When it began, by the clock's `elapsed`. */
  begunAt: number;
  /** What is out of order, the first first. */
  readonly of: Map<OutageOf, Trouble>;
  fellBack: number;
  ended: boolean;
  begun: boolean;
  /** How much of `fellBack` is in the incident. */
  noted: number;
}

/**
 * Makes one incident of all failures, from the first to the moment in which all is in order again: an event at its start, one at its
 * end, and a row for the administrator. Reporting never waits for the database: {@link flush}, called on change and each minute, writes what
 * there is to write.
 */
export class Outage {
  #current: Current | undefined;
  /** The current one, and those whose end is not written yet. */
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

  /** S3 failed; nothing happens if that is known already. @param detail its own words */
  begins(code: ErrorCode, of: OutageOf = 'all', detail?: string): void {
    this.#ongoing(code, of, detail);
  }

  /** An upload went to disk because of `code`. */
  fellBack(code: ErrorCode, of: OutageOf = 'all', detail?: string): void {
    const outage = this.#ongoing(code, of, detail);
    outage.fellBack++;
    this.events.emit('incidentChanged', {});
  }

  /** Those are in order again; by default all. @returns whether that ends an outage */
  ends(...of: OutageOf[]): boolean {
    const ended = this.#close(of);
    if (!ended) return false;
    this.events.emit('outageEnded', { seconds: Math.round((this.clock.elapsed() - ended.begunAt) / 1000), fellBack: ended.fellBack });
    return true;
  }

  /** Nobody knows whether it goes on: S3 is reached in another way from now on. */
  forget(): void {
    if (this.#close([])) this.events.emit('outageForgotten', {});
  }

  /** @returns the outage, if nothing is left of it */
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


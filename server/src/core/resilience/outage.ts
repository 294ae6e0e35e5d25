import type { ErrorCode } from '../../contracts/errors';
import { ERRORS } from '../../contracts/errors';
import type { Clock } from '../clock';
import type { Logger } from '../log';

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

interface Current {
  code: ErrorCode;
  since: number;
  fellBack: number;
  ended: boolean;
  begun: boolean;
  /** How much of `fellBack` is in the incident. */
  noted: number;
}

/**
 * Makes one incident of all failures between two successes: one warning in the log at its start, one at its end, and a
 * row for the administrator. Reporting never waits for the database; {@link flush}, called on change and each minute,
 * writes what there is to write.
 */
export class Outage {
  #current: Current | undefined;
  /** The current one, and those whose end is not written yet. */
  readonly #unwritten = new Set<Current>();

  constructor(
    private readonly incidents: IncidentLog,
    private readonly clock: Clock,
    private readonly log: Logger,
    /** Asks for a `flush` soon. */
    private readonly onChange: () => void,
    /** Whether uploads are refused meanwhile, rather than kept on the local disk. */
    private readonly refuses: () => boolean = () => false,
  ) {}

  get current(): { code: ErrorCode; since: number; fellBack: number } | undefined {
    return this.#current;
  }

  /** S3 failed; nothing happens if that is known already. */
  begins(code: ErrorCode): void {
    this.#ongoing(code);
  }

  /** An upload went to disk because of `code`. */
  fellBack(code: ErrorCode): void {
    const outage = this.#ongoing(code);
    outage.fellBack++;
    this.onChange();
  }

  /** S3 took something again. @returns whether that ends an outage */
  ends(): boolean {
    const ended = this.#current;
    if (!ended) return false;
    this.#current = undefined;
    ended.ended = true;
    this.onChange();
    const seconds = Math.round((this.clock.now() - ended.since) / 1000);
    this.log.warn(`S3 is usable again after ${seconds} s; ${ended.fellBack} file(s) went to the local disk meanwhile and are uploaded now.`);
    return true;
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

  #ongoing(code: ErrorCode): Current {
    if (this.#current) return this.#current;
    const begun: Current = { code, since: this.clock.now(), fellBack: 0, ended: false, begun: false, noted: 0 };
    this.#current = begun;
    this.#unwritten.add(begun);
    this.onChange();
    const meanwhile = this.refuses() ? 'Uploads are refused meanwhile (onOutage is "reject").' : 'Uploads go to the local disk meanwhile.';
    this.log.warn(`S3 is not usable: ${ERRORS[code].message} ${ERRORS[code].hint} ${meanwhile}`);
    return begun;
  }
}

import type { ErrorCode } from '../../contracts/errors';
import { ERRORS } from '../../contracts/errors';
import type { Clock } from '../clock';
import type { Logger } from '../log';

/** Where outages are kept for the administrator. Times are the database's. */
export interface IncidentLog {
  /** @returns the new incident's id */
  start(code: ErrorCode): Promise<number>;
  /** Notes how many uploads went to disk; `ended` closes the incident. */
  update(id: number, facts: { fellBack: number; ended: boolean }): Promise<void>;
  /** Newest first. */
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
  id?: number;
  written?: { fellBack: number; ended: boolean };
}

/**
 * Makes one incident of all failures between two successes: one warning in the log at its start, one at its end, and a
 * row for the administrator. Reporting never waits for the database; {@link flush} writes what there is to write.
 */
export class Outage {
  #current: Current | undefined;
  readonly #unwritten = new Set<Current>();

  constructor(
    private readonly incidents: IncidentLog,
    private readonly clock: Clock,
    private readonly log: Logger,
    /** Asks for a `flush` soon. */
    private readonly onChange: () => void,
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
    this.#changed(outage);
  }

  /** S3 took something again. */
  ends(): void {
    const ended = this.#current;
    if (!ended) return;
    this.#current = undefined;
    ended.ended = true;
    this.#changed(ended);
    const seconds = Math.round((this.clock.now() - ended.since) / 1000);
    this.log.warn(`S3 is usable again after ${seconds} s; ${ended.fellBack} file(s) went to the local disk meanwhile and are uploaded now.`);
  }

  async flush(): Promise<void> {
    for (const incident of [...this.#unwritten]) {
      this.#unwritten.delete(incident);
      try {
        const { fellBack, ended } = incident;
        incident.id ??= await this.incidents.start(incident.code);
        if (incident.written?.fellBack !== fellBack || incident.written.ended !== ended) {
          await this.incidents.update(incident.id, { fellBack, ended });
        }
        incident.written = { fellBack, ended };
      } catch (error) {
        this.#unwritten.add(incident);
        throw error;
      }
    }
  }

  #ongoing(code: ErrorCode): Current {
    if (this.#current) return this.#current;
    const begun: Current = { code, since: this.clock.now(), fellBack: 0, ended: false };
    this.#current = begun;
    this.#changed(begun);
    this.log.warn(`S3 is not usable: ${ERRORS[code].message} ${ERRORS[code].hint} Uploads go to the local disk meanwhile.`);
    return begun;
  }

  #changed(incident: Current): void {
    this.#unwritten.add(incident);
    this.onChange();
  }
}

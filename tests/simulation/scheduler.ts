/** One life of a process, from its start to its end or crash; or the world outside, which never ends. */
export interface Life {
  readonly name: string;
  alive: boolean;
  /** Nothing of it goes on until it is resumed, as with a machine that is suspended or swaps. */
  paused: boolean;
}

/** A transaction of the host's: while it is open, nobody else gets to the database. */
export interface Transaction {
  readonly life: Life;
  rollBack(): void;
}

/** A point at which something waits until the scheduler lets it go on. */
export interface Gate {
  readonly life: Life;
  readonly label: string;
  /** Set for requests to the database: within a transaction, or null for those outside of any. */
  readonly database?: Transaction | null;
  /** Nobody waits for it: a breaker's look whether S3 is back. */
  readonly background: boolean;
  open(): void;
}

/** Far more than any history needs. */
const MAX_LOOKS = 100_000;

/**
 * Everything that the engine asks of the outside (database, S3, disk, clock) waits here, so that a history decides what
 * happens next, and a crash can strike between any two of these requests.
 */
export class Scheduler {
  #gates: Gate[] = [];
  transaction: Transaction | null = null;
  /**
   * Everything has come to rest: one task is at work at a time, nothing fails and nobody crashes, so nothing can come between a
   * question and its answer. Only what changes something is a step then.
   */
  atRest = false;
  #passed = 0;
  /** Counts what went on; the time of all that is compared afterwards. */
  step = 0;

  wait(life: Life, label: string, { database, background = false }: Partial<Pick<Gate, 'database' | 'background'>> = {}): Promise<void> {
    // of a life that has ended nothing ever goes on
    if (!life.alive) return new Promise(() => undefined);
    return new Promise((open) => this.#gates.push({ life, label, database, background, open }));
  }

  /** A request that changes nothing is about to be answered. */
  async look(life: Life, label: string, kind: Partial<Pick<Gate, 'database' | 'background'>> = {}): Promise<void> {
    if (!this.#passes(life)) await this.wait(life, label, kind);
  }

  /** What was asked for has been done; its answer has yet to come. */
  async answer(life: Life, label: string): Promise<void> {
    if (!this.#passes(life)) await this.wait(life, `${label} answered`);
  }

  #passes(life: Life): boolean {
    if (++this.#passed > MAX_LOOKS) throw new Error('a history that asks for ever');
    return this.atRest && life.alive;
  }

  /** What could go on now, in the order in which it began to wait. */
  eligible(): Gate[] {
    return this.#gates.filter(({ life, database }) => !life.paused && (database === undefined || this.transaction === null || this.transaction === database));
  }

  async open(gate: Gate): Promise<void> {
    this.#gates = this.#gates.filter((other) => other !== gate);
    this.step++;
    gate.open();
    await settled();
  }

  /** The life ends here, between two requests: what it has not sent is never sent, and what it sent goes unanswered. */
  end(life: Life): void {
    life.alive = false;
    this.#gates = this.#gates.filter((gate) => gate.life !== life);
    if (this.transaction?.life === life) {
      this.transaction.rollBack();
      this.transaction = null;
    }
  }
}

/** Lets all code run on to where it waits for the scheduler; streams pass their bytes on meanwhile. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

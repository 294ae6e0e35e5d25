/** One life of a process, from its start to its end or crash, or the world outside, which never ends. */
export interface Life {
  readonly name: string;
  alive: boolean;
  /** While it is true, nothing of this life goes on, as on a machine that is suspended or swaps. */
  paused: boolean;
}

/** The host's transaction. While it is open, nobody else gets to the database. */
export interface Transaction {
  readonly life: Life;
  rollBack(): void;
}

/** A point at which something waits until the scheduler lets it go on. */
export interface Gate {
  readonly life: Life;
  readonly label: string;
  /** The transaction of a request to the database, or null outside of any. Other requests have none. */
  readonly database?: Transaction | null;
  /** True if nobody waits for it, as for a breaker's look whether S3 is back. */
  readonly background: boolean;
  open(): void;
}

/** Far more looks than any history needs. */
const MAX_LOOKS = 100_000;

/**
 * Everything that the engine asks of the outside (database, S3, disk, clock) waits here, so that a history decides what
 * happens next, and a crash can strike between any two of these requests.
 */
export class Scheduler {
  #gates: Gate[] = [];
  transaction: Transaction | null = null;
  /**
   * True when everything has come to rest: one task is at work at a time, nothing fails and no process crashes, so nothing can come
   * between a question and its answer. Then only a change is a step.
   */
  atRest = false;
  #passed = 0;
  /** The number of steps so far. Everything that is compared afterwards takes it as its time. */
  step = 0;

  wait(life: Life, label: string, { database, background = false }: Partial<Pick<Gate, 'database' | 'background'>> = {}): Promise<void> {
    // nothing ever goes on in a life that has ended
    if (!life.alive) return new Promise(() => undefined);
    return new Promise((open) => this.#gates.push({ life, label, database, background, open }));
  }

  /** Waits before a request that changes nothing is answered. */
  async look(life: Life, label: string, kind: Partial<Pick<Gate, 'database' | 'background'>> = {}): Promise<void> {
    if (!this.#passes(life)) await this.wait(life, label, kind);
  }

  /** Waits between a change and its answer. */
  async answer(life: Life, label: string): Promise<void> {
    if (!this.#passes(life)) await this.wait(life, `${label} answered`);
  }

  #passes(life: Life): boolean {
    if (++this.#passed > MAX_LOOKS) throw new Error('a history that asks for ever');
    return this.atRest && life.alive;
  }

  /** The gates that could open now, in the order in which they began to wait. */
  eligible(): Gate[] {
    return this.#gates.filter(({ life, database }) => !life.paused && (database === undefined || this.transaction === null || this.transaction === database));
  }

  async open(gate: Gate): Promise<void> {
    this.#gates = this.#gates.filter((other) => other !== gate);
    this.step++;
    gate.open();
    await settled();
  }

  /** Ends a life between two requests. It never sends its next request, and gets no answer to the last one. */
  end(life: Life): void {
    life.alive = false;
    this.#gates = this.#gates.filter((gate) => gate.life !== life);
    if (this.transaction?.life === life) {
      this.transaction.rollBack();
      this.transaction = null;
    }
  }
}

/** Lets all code run until it waits for the scheduler. Streams pass their bytes on meanwhile. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

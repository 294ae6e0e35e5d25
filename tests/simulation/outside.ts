import { Faults } from './faults';
import type { History } from './plan';
import { Scheduler } from './scheduler';
import { SimS3 } from './sim-s3';

export class Violation extends Error {
  override readonly name = 'Violation';
}

/** The things that production and its copies share: the bucket, the time, and the course of the history itself. */
export class Outside {
  readonly scheduler = new Scheduler();
  readonly log: string[] = [];
  readonly faults: Faults;
  readonly s3: SimS3;
  /** The first promise that was broken. */
  violation: Violation | undefined;
  /** The time of the databases and of the world outside, in milliseconds. */
  time = 1_700_000_000_000;
  /** The id of the last write at any server. */
  lastWrite = 0;
  lives = 0;
  #random: number;

  constructor(readonly history: History) {
    this.#random = history.seed >>> 0;
    this.faults = new Faults(history.faults);
    const { tellsMd5, ignoresConditions = false } = history.setting;
    this.s3 = new SimS3(this.scheduler, this.faults, { tellsMd5, ignoresConditions }, (what) => this.violated(what));
  }

  /** The next number of xorshift32. All randomness of a history comes from its seed. */
  random(): number {
    let x = this.#random || 0x9e3779b9;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x >>> 0;
    return this.#random / 2 ** 32;
  }

  note(line: string): void {
    this.log.push(`${this.scheduler.step}. ${line}`);
  }

  violated(what: string): never {
    throw (this.violation ??= new Violation(what));
  }
}

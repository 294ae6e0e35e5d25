/** The things that can happen to a request to S3. With `late` the client gets no answer, and the effect comes later. */
export const S3_FAULTS = ['none', 'refused', 'unreachable', 'timeout', 'late', 'corrupt', 'late-corrupt', 'reset-after'] as const;
export type S3Fault = (typeof S3_FAULTS)[number];

/** The things that can happen to a change of the database. With `answer-lost` it was committed, and its client gets an error. */
export const DATABASE_FAULTS = ['none', 'failed', 'answer-lost'] as const;
export type DatabaseFault = (typeof DATABASE_FAULTS)[number];

export const DISK_FAULTS = ['none', 'full'] as const;
export type DiskFault = (typeof DISK_FAULTS)[number];

export interface FaultPlan {
  readonly s3: readonly S3Fault[];
  readonly database: readonly DatabaseFault[];
  readonly disk: readonly DiskFault[];
}

/** Deals the planned faults out in order, one per request. When they are used up, or in calm, nothing fails any more. */
export class Faults {
  #s3 = 0;
  #database = 0;
  #disk = 0;
  calm = false;
  readonly met = new Map<string, number>();

  constructor(private readonly plan: FaultPlan) {}

  s3(): S3Fault {
    return this.#met('s3', this.calm ? undefined : this.plan.s3[this.#s3++]);
  }

  database(): DatabaseFault {
    return this.#met('database', this.calm ? undefined : this.plan.database[this.#database++]);
  }

  disk(): DiskFault {
    return this.#met('disk', this.calm ? undefined : this.plan.disk[this.#disk++]);
  }

  #met<F extends string>(of: string, fault: F | undefined): F | 'none' {
    if (fault !== undefined && fault !== 'none') this.met.set(`${of} ${fault}`, (this.met.get(`${of} ${fault}`) ?? 0) + 1);
    return fault ?? 'none';
  }
}

/** An error of the database, which says nothing about whether the change was made. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}

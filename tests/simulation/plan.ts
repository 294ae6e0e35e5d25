import fc from 'fast-check';

import { DATABASE_FAULTS, DISK_FAULTS, S3_FAULTS, type FaultPlan } from './faults';

/** One step of a history. `at` says which process and `file` which file, both modulo their number. */
export type Step =
  | { readonly kind: 'upload' | 'replace' | 'replace-bare' | 'remove' | 'import' | 'import-rolled-back' | 'import-delete' | 'read'; readonly at: number; readonly file: number }
  | { readonly kind: (typeof JOBS)[number]; readonly at: number }
  /** Somebody looks at the owner's marker, or claims the bucket for this database. */
  | { readonly kind: 'look' | 'claim'; readonly at: number }
  | { readonly kind: 'crash' | 'pause' | 'resume' | 'give-up'; readonly at: number }
  /** Leaving begins, or the project returns to S3. One process knows it at once, and the other one within 2 s. */
  | { readonly kind: 'leave' | 'return'; readonly at: number }
  /** With `wait`, the next step begins only when all clients have their answers. */
  | { readonly kind: 's3-down' | 's3-up' | 'damage' | 'wait' }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'set-clock'; readonly at: number; readonly ms: number }
  /** The server is backed up, copied to another one (whose database has an identity of its own), or replaced by its backup. */
  | { readonly kind: 'copy'; readonly ofBackup: boolean }
  | { readonly kind: 'set-back'; readonly sameIdentity: boolean }
  | { readonly kind: 'back-up' }
  | { readonly kind: 'lose-marker' };

/** A step at production, or at its copy once there is one. */
export type PlacedStep = Step & { readonly onCopy?: boolean };

/** `audit` only reports, and `audit-apply` carries out the action of each finding. */
export const JOBS = ['catch-up', 'upload', 'cleanup', 'restore', 'settle', 'purge', 'sweep', 'audit', 'audit-apply'] as const;
export type Job = (typeof JOBS)[number] | 'look' | 'claim';

/** The world in which a history happens. */
export interface Setting {
  /** Whether both processes have one disk, or each its own. */
  readonly sharedDisk: boolean;
  /** Whether S3's ETags are MD5s. Otherwise only reading proves bytes. */
  readonly tellsMd5: boolean;
  /** Whether ids drawn in a transaction that is rolled back are drawn again. */
  readonly idsReturn: boolean;
  /** Whether the second process may not change the bucket. */
  readonly secondReadOnly: boolean;
  /** The number of files that were on the first disk before the plugin was installed. */
  readonly library: number;
  /** The number of files that are only in the bucket, under their plain names. */
  readonly bucketOnly: number;
  /** Whether an object that is not ours lies under the plain name of the first library file, or of the first upload. */
  readonly foreign: boolean;
  /** Whether phase 1 uses a listing of the bucket from before anything was there. Otherwise it asks for each name. */
  readonly lists: boolean;
  /** Whether an audit applies its findings when everything has come to rest. */
  readonly audits: boolean;
  /** Whether late requests take effect only after the first sweep. */
  readonly lateLast: boolean;
  /** Whether copies of the server take part, so that the processes look who owns the bucket. */
  readonly copies?: boolean;
  /** Whether the bucket takes no notice of the conditions of a PUT. */
  readonly ignoresConditions?: boolean;
}

export interface History {
  readonly setting: Setting;
  readonly steps: readonly PlacedStep[];
  /** The choices among the things that could go on, modulo their number. After the last one, the one that waits longest goes on. */
  readonly schedule: readonly number[];
  readonly faults: FaultPlan;
  readonly seed: number;
}

const HOUR = 3600_000;

const at = fc.nat(1);
/** Mostly the oldest file, because histories in which much happens to one file find most. */
const file = fc.constantFrom(0, 0, 0, 0, 1, 2);

const CLIENTS = ['upload', 'replace', 'replace', 'replace', 'replace-bare', 'remove', 'import', 'import-rolled-back', 'import-delete', 'read', 'read', 'read', 'read'] as const;

const step = fc.oneof(
  { weight: 18, arbitrary: fc.record({ kind: fc.constantFrom(...CLIENTS), at, file }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constantFrom(...JOBS), at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('leave', 'leave', 'return'), at }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('crash', 'pause', 'resume', 'give-up'), at }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('s3-down', 's3-up', 'damage', 'wait', 'wait') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('time'), ms: fc.constantFrom(500, 2_500, 2_500, HOUR, 25 * HOUR, 8 * 24 * HOUR) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('set-clock'), at, ms: fc.constantFrom(-HOUR, -1_000, 1_000, HOUR) }) },
) as fc.Arbitrary<Step>;

const WAIT: Step = { kind: 'wait' };

/** One process is suspended for more than a day, and meanwhile the other one sweeps what looks abandoned. */
const oversleep = (who: number): Step[] => [{ kind: 'pause', at: who }, { kind: 'time', ms: 25 * HOUR }, { kind: 'sweep', at: 1 - who }, WAIT, { kind: 'resume', at: who }];

/** Courses of events that single steps come to once in thousands of histories. */
const courses = fc.oneof(
  at.map(oversleep),
  at.map((who): Step[] => [{ kind: 'upload', at: who }, ...oversleep(who)]),
  // one process remembers a file while the other one replaces it
  fc.tuple(at, file).map(([who, which]): Step[] => {
    const read: Step = { kind: 'read', at: who, file: which };
    return [WAIT, read, WAIT, { kind: 'replace', at: 1 - who, file: which }, WAIT, { kind: 'time', ms: 2_500 }, read];
  }),
  // reads happen during a replace in the same process
  fc.tuple(at, file).map(([who, which]): Step[] => {
    const read: Step = { kind: 'read', at: who, file: which };
    return [WAIT, { kind: 'replace', at: who, file: which }, read, WAIT, read];
  }),
  // a client loses patience with one replace and sends another, which the first must not overtake
  fc.tuple(at, file).map(([who, which]): Step[] => {
    const replace = (by: number): Step => ({ kind: 'replace', at: by, file: which });
    return [WAIT, replace(who), { kind: 'give-up', at: who }, { kind: 'give-up', at: who }, replace(1 - who)];
  }),
  // a file moves to S3 and is damaged there, and then a cleanup begins
  at.map((who): Step[] => [{ kind: 'upload', at: who }, WAIT, { kind: 'damage' }, WAIT, { kind: 'cleanup', at: who }]),
  // a cleanup frees the disk, and the object is damaged before the sweeper removes the file
  at.map((who): Step[] => {
    const work: Step[] = [{ kind: 'upload', at: who }, WAIT, { kind: 'cleanup', at: who }];
    return [...work, WAIT, { kind: 'damage' }, WAIT, { kind: 'time', ms: 25 * HOUR }, { kind: 'sweep', at: who }];
  }),
  // S3 goes away after phase 1 has sent a file, and before a replacement of it is sent
  fc.tuple(at, at).map(([who, editor]): Step[] => {
    const work: Step[] = [{ kind: 'upload', at: who }];
    return [WAIT, ...work, { kind: 'replace', at: editor, file: 0 }, { kind: 's3-down' }, WAIT, { kind: 's3-up' }];
  }),
  // during leaving a file is replaced, and gets the path on which it lay before
  fc.tuple(at, at, file).map(([who, editor, which]): Step[] => {
    const work: Step[] = [{ kind: 'leave', at: who }, { kind: 'time', ms: 2_500 }, { kind: 'restore', at: who }, WAIT];
    const read: Step = { kind: 'read', at: 1 - editor, file: which };
    const settle: Step[] = [{ kind: 'settle', at: editor }, WAIT, { kind: 'time', ms: 2_500 }, { kind: 'time', ms: 2_500 }, { kind: 'settle', at: editor }];
    return [...work, read, { kind: 'replace', at: editor, file: which }, ...settle, read];
  }),
  // leaving begins, and the project returns to S3 while the files settle
  fc.tuple(at, file).map(([who, which]): Step[] => {
    const back: Step[] = [{ kind: 'return', at: 1 - who }, { kind: 'upload', at: 1 - who }, { kind: 'replace', at: 1 - who, file: which }];
    return [{ kind: 'leave', at: who }, { kind: 'replace', at: who, file: which }, WAIT, { kind: 'settle', at: who }, ...back];
  }),
  // an audit puts right what somebody has damaged, while an editor replaces the file and a job moves it
  fc.tuple(at, at, file).map(([who, editor, which]): Step[] => {
    const damaged: Step[] = [{ kind: 'upload', at: who }, WAIT, { kind: 'damage' }, WAIT];
    return [...damaged, { kind: 'audit-apply', at: who }, { kind: 'replace', at: editor, file: which }, { kind: 'cleanup', at: who }];
  }),
  // an audit puts right what was damaged after a cleanup, while the sweeper removes the file, or an editor replaces it
  fc.tuple(at, at, file, fc.constantFrom('sweep', 'replace')).map(([who, editor, which, kind]): Step[] => {
    const work: Step[] = [{ kind: 'upload', at: who }, WAIT, { kind: 'cleanup', at: who }, WAIT, { kind: 'damage' }, WAIT, { kind: 'time', ms: 25 * HOUR }];
    return [...work, { kind: 'audit-apply', at: who }, kind === 'sweep' ? { kind, at: editor } : { kind: 'replace', at: editor, file: which }];
  }),
  // an audit buries what the library has not listed for more than a day, just as a replacement brings it back
  fc.tuple(at, at, file).map(([who, editor, which]): Step[] => {
    const bare: Step[] = [WAIT, { kind: 'replace-bare', at: editor, file: which }, WAIT, { kind: 'time', ms: 25 * HOUR }];
    return [...bare, { kind: 'audit-apply', at: who }, { kind: 'replace', at: editor, file: which }];
  }),
  // a file is deleted, and comes back just as the purge ends its tombstone
  fc.tuple(at, file).map(([who, which]): Step[] => [{ kind: 'remove', at: who, file: which }, WAIT, { kind: 'purge', at: who }, { kind: 'import', at: 1 - who, file: which }]),
);

const steps = fc
  .array(fc.oneof({ weight: 16, arbitrary: step.map((single) => [single]) }, { weight: 1, arbitrary: courses }), { minLength: 2, maxLength: 16, size: 'max' })
  .map((parts) => parts.flat());

/** Mostly no fault, so that histories get somewhere. */
const rarely = <F extends string>(faults: readonly F[], of: number, maxLength: number): fc.Arbitrary<F[]> =>
  fc.array(fc.oneof({ weight: of, arbitrary: fc.constant(faults[0] as F) }, { weight: 1, arbitrary: fc.constantFrom(...faults) }), { maxLength, size: 'max' });

export const histories: fc.Arbitrary<History> = fc.record({
  setting: fc.record({
    sharedDisk: fc.boolean(),
    tellsMd5: fc.boolean(),
    idsReturn: fc.boolean(),
    secondReadOnly: fc.oneof({ weight: 7, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    library: fc.nat(1),
    bucketOnly: fc.nat(1),
    foreign: fc.boolean(),
    lists: fc.boolean(),
    audits: fc.boolean(),
    lateLast: fc.boolean(),
  }),
  steps,
  schedule: fc.array(fc.nat(255), { maxLength: 240, size: 'max' }),
  faults: fc.record({ s3: rarely(S3_FAULTS, 3, 60), database: rarely(DATABASE_FAULTS, 25, 120), disk: rarely(DISK_FAULTS, 8, 12) }),
  seed: fc.nat(),
});

const fiveMinutes = 5 * 60_000;
/** Steps of histories without copies that also happen at copies. Leaving and damaged objects have histories of their own. */
const placedStep = fc.oneof(
  { weight: 18, arbitrary: fc.record({ kind: fc.constantFrom(...CLIENTS), at, file }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constantFrom(...JOBS.filter((job) => job !== 'settle')), at }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('look'), at }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('claim'), at }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('crash', 'pause', 'resume'), at }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('s3-down', 's3-up', 'wait', 'wait', 'lose-marker') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('time'), ms: fc.constantFrom(2_500, 15_000, 60_000, fiveMinutes, 25 * HOUR, 8 * 24 * HOUR) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'back-up' }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy'), ofBackup: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('set-back'), sameIdentity: fc.boolean() }) },
) as fc.Arbitrary<Step>;

/** Somebody deletes or replaces files of production at its copy, and lets the copy remove the bytes. */
const emptied = fc.tuple(at, file, fc.constantFrom('remove' as const, 'replace' as const)).map(([who, which, kind]): PlacedStep[] => {
  const onCopy = true;
  const work: Step[] = [{ kind: 'look', at: who }, WAIT, { kind, at: who, file: which }, WAIT, { kind: 'time', ms: 25 * HOUR }, { kind: 'purge', at: who }, WAIT, { kind: 'sweep', at: who }, WAIT];
  return [{ kind: 'copy', ofBackup: false }, ...work.map((one): PlacedStep => ({ ...one, onCopy }))];
});

/** Production moves to its copy, and the old server still runs. */
const moved = at.map((who): PlacedStep[] => {
  const claim: PlacedStep[] = [{ kind: 'copy', ofBackup: false }, { kind: 'claim', at: who, onCopy: true }, WAIT];
  const after: Step[] = [{ kind: 'remove', at: who, file: 0 }, WAIT, { kind: 'time', ms: 25 * HOUR }, { kind: 'purge', at: who }, WAIT, { kind: 'sweep', at: who }];
  return [...claim, ...after];
});

const placed = fc.tuple(placedStep, fc.boolean()).map(([one, onCopy]): PlacedStep[] => [{ ...one, onCopy }]);
const placedSteps = fc
  .array(fc.oneof({ weight: 12, arbitrary: placed }, { weight: 1, arbitrary: emptied }, { weight: 1, arbitrary: moved }), { minLength: 4, maxLength: 18, size: 'max' })
  .map((parts) => parts.flat());

/** Histories in which the server is copied, restored and moved. */
export const historiesOfCopies: fc.Arbitrary<History> = fc
  .record({ history: histories, steps: placedSteps, ignoresConditions: fc.nat(3).map((one) => one === 0) })
  .map(({ history, steps: placedOnes, ignoresConditions }) => ({
    ...history,
    // a server without the disk takes a library file that nobody has recorded from whoever has put it into the bucket
    setting: { ...history.setting, sharedDisk: true, foreign: false, copies: true, ignoresConditions },
    steps: [{ kind: 'upload', at: 0, file: 0 }, ...placedOnes],
  }));

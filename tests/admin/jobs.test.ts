import { minutesOf } from '../../admin/src/utils/format';
import { activityOf, announcementsOf, extentOf, freshDryRun, hasProgress, isGood, isOffered, needsTrial, percentOf, requestsOf, stepsOut, undoneOf } from '../../admin/src/utils/jobs';
import { readMaxId } from '../../admin/src/utils/maxId';
import { choiceOf, SCHEDULES } from '../../admin/src/utils/schedule';
import { stateKey } from '../../admin/src/utils/states';
import { isOutdated, notLookedAt, planOf, verdictOf } from '../../admin/src/utils/audit';
import { jobOf, runOf } from '../support/job-answers';

const blockedBy = { code: 'UPLOAD_INCOMPLETE', message: '', hint: '' } as const;
const progress = jobOf('upload').progress;

test('the activity of a job is the first that applies: running, waiting, complete, blocked, idle', () => {
  expect(activityOf(jobOf('upload', { running: true, wanted: true }))).toBe('running');
  expect(activityOf(jobOf('upload', { running: true, lastDryRun: runOf({ dryRun: true, status: 'running' }) }))).toBe('trying');
  expect(activityOf(jobOf('upload', { wanted: true, blockedBy }))).toBe('waiting');
  expect(activityOf(jobOf('cleanup', { complete: true, blockedBy, lastRun: runOf() }))).toBe('complete');
  expect(activityOf(jobOf('cleanup', { complete: true, blockedBy, lastRun: runOf({ status: 'stopped' }) }))).toBe('complete');
  expect(activityOf(jobOf('cleanup', { blockedBy }))).toBe('blocked');
  expect(activityOf(jobOf('upload'))).toBe('idle');
});

test('a job that has nothing to do and has never run is not called complete', () => {
  expect(activityOf(jobOf('restore', { complete: true }))).toBe('nothing');
  expect(activityOf(jobOf('restore', { complete: true, blockedBy, lastDryRun: runOf({ dryRun: true }) }))).toBe('nothing');
});

test('while leaving, the panel lets the plugin go only after a restore is complete and not under way', () => {
  const states = (over: Parameters<typeof jobOf>[1], nowhere = 0) => stepsOut(jobOf('restore', over), nowhere);
  const open = ['leave-done', 'restore-now', 'uninstall-later'];
  expect(states({})).toEqual(open);
  expect(states({ complete: true })).toEqual(open);
  expect(states({ complete: true, running: true, lastRun: runOf() })).toEqual(open);
  expect(states({ lastRun: runOf({ status: 'failed' }) })).toEqual(open);
  expect(states({ complete: true, lastRun: runOf() })).toEqual(['leave-done', 'restore-done', 'uninstall-now']);
  // the words “every file” would not be true
  expect(states({ complete: true, lastRun: runOf() }, 1)).toEqual(['leave-done', 'restore-partly-done', 'uninstall-now']);
  expect(states({ complete: true, lastRun: runOf(), progress: { ...progress, failed: 1 } })).toContain('restore-partly-done');
});

test('a job that has not looked at the library yet is not said to have nothing to do', () => {
  expect(activityOf(jobOf('restore', { looked: false }))).toBe('unseen');
  expect(activityOf(jobOf('restore', { complete: true, looked: false }))).toBe('unseen');
  expect(activityOf(jobOf('restore', { complete: true, looked: true }))).toBe('nothing');
});

describe('the verdict of an audit that has ended', () => {
  const clean = { bucket: 'checked', disk: true, findings: 0, applied: 0, lost: 0 } as const;
  const audit = (over: Partial<NonNullable<ReturnType<typeof runOf>['audit']>> = {}) => runOf({ job: 'audit', audit: { ...clean, ...over } });

  test.each([
    ['clean', {}],
    ['clean', { findings: 3, applied: 3 }],
    ['problems', { findings: 3, applied: 1 }],
    ['lost', { findings: 2, lost: 2 }],
    ['partly', { bucket: 'unchecked' }],
    ['partly', { bucket: 'partly' }],
    ['partly', { disk: false }],
    ['problems', { bucket: 'unchecked', findings: 1 }],
  ] as const)('is %s for %j', (verdict, over) => {
    expect(verdictOf(audit(over))).toBe(verdict);
    expect(isGood(jobOf('audit', { lastRun: audit(over) }))).toBe(verdict === 'clean');
  });

  test('is unknown when an older version did not note what the audit looked at', () => {
    expect(verdictOf(runOf({ job: 'audit' }))).toBe('unknown');
    expect(isGood(jobOf('audit', { lastRun: runOf({ job: 'audit' }) }))).toBe(false);
  });

  test('names the places that were not looked at', () => {
    expect(notLookedAt({ ...clean, bucket: 'unchecked', disk: false })).toEqual(['bucket', 'disk']);
    expect(notLookedAt({ ...clean, bucket: 'partly' })).toEqual(['buckets']);
    expect(notLookedAt(clean)).toEqual([]);
  });

  test('is outdated once another job has done work since the audit began', () => {
    const upload = (startedAt: string, endedAt: string | null, done = 1) => [
      jobOf('upload', { lastRun: runOf({ startedAt, endedAt, done }) }),
      jobOf('audit', { lastRun: audit() }),
    ];
    expect(isOutdated(audit(), upload('2026-05-03T10:00:00.000Z', '2026-05-03T10:00:30.000Z'))).toBe(false);
    expect(isOutdated(audit(), upload('2026-05-03T10:00:00.000Z', '2026-05-04T10:00:30.000Z'))).toBe(true);
    expect(isOutdated(audit(), upload('2026-05-03T10:00:00.000Z', null))).toBe(true);
    // this run of a schedule found nothing to do
    expect(isOutdated(audit(), upload('2026-05-03T10:00:00.000Z', '2026-05-04T10:00:30.000Z', 0))).toBe(false);
  });
});

test('files that a run failed, found nowhere or gave up count as not done', () => {
  const skipped = [{ code: 'MISSING', count: 2, bytes: 0 }, { code: 'IN_S3', count: 5, bytes: 50 }, { code: 'GIVEN_UP', count: 1, bytes: 10 }] as const;
  expect(undoneOf(runOf({ failed: 1, skipped: [...skipped] }))).toBe(4);
});

test('a restore has a progress bar once somebody asked for it; an upload has one once there are files', () => {
  const some = { ...progress, done: 304, total: 312 };
  const of = (name: Parameters<typeof jobOf>[0], over: Parameters<typeof jobOf>[1] = {}) => hasProgress(jobOf(name, { progress: some, ...over }));
  expect(of('upload')).toBe(true);
  expect(of('restore')).toBe(false);
  for (const asked of [{ running: true }, { wanted: true }, { lastRun: runOf() }]) expect(of('restore', asked)).toBe(true);
  const none = { ...progress, done: 0, total: 0 };
  expect(of('upload', { progress: none })).toBe(false);
  expect(of('upload', { progress: none, running: true })).toBe(true);
});

test('an audit is complete only after a complete run, and is never said to have nothing to do', () => {
  const audit = (over: Parameters<typeof jobOf>[1] = {}) => activityOf(jobOf('audit', { complete: true, ...over }));
  expect(audit()).toBe('never');
  expect(audit({ lastDryRun: runOf() })).toBe('never');
  expect(audit({ blockedBy })).toBe('blocked');
  expect(audit({ lastRun: runOf() })).toBe('complete');
  expect(audit({ lastRun: runOf({ status: 'stopped' }) })).toBe('idle');
  expect(audit({ running: true })).toBe('running');
});

test('a job needs a dry run that has ended before its first real run, but an audit needs none', () => {
  expect(needsTrial(jobOf('upload'))).toBe(true);
  expect(needsTrial(jobOf('upload', { lastDryRun: runOf({ status: 'running', endedAt: null }) }))).toBe(true);
  expect(needsTrial(jobOf('upload', { lastDryRun: runOf() }))).toBe(false);
  expect(needsTrial(jobOf('cleanup', { lastRun: runOf() }))).toBe(false);
  expect(needsTrial(jobOf('audit'))).toBe(false);
});

test('the result of a dry run tells what a start will do until a real run has gone on after it', () => {
  const trial = runOf({ dryRun: true, total: 12, bytesTotal: 340 });
  const of = (lastRun: ReturnType<typeof runOf> | null) =>
    jobOf('cleanup', { lastDryRun: trial, lastRun, progress: { ...progress, done: 4, total: 10, bytesDone: 40, bytesTotal: 100 } });
  expect(freshDryRun(of(null))).toBe(trial);
  expect(extentOf(of(null))).toEqual({ count: 12, bytes: 340 });
  const later = of(runOf({ startedAt: '2026-05-04T11:00:00.000Z' }));
  expect(freshDryRun(later)).toBeNull();
  expect(extentOf(later)).toEqual({ count: 6, bytes: 60 });
  expect(freshDryRun(of(runOf({ startedAt: '2026-05-03T11:00:00.000Z', endedAt: '2026-05-03T11:01:00.000Z' })))).toBe(trial);
  // the dry run was made while the job was paused, and the job has gone on since
  expect(freshDryRun(of(runOf({ startedAt: '2026-05-03T11:00:00.000Z', endedAt: '2026-05-05T11:00:00.000Z' })))).toBeNull();
  expect(freshDryRun(of(runOf({ startedAt: '2026-05-03T11:00:00.000Z', endedAt: null })))).toBeNull();
});

test.each([
  [{ done: 0, total: 0 }, 0],
  [{ done: 1, total: 4, bytesDone: 50, bytesTotal: 100 }, 50],
  [{ done: 1, total: 4 }, 25],
  [{ done: 999, total: 1_000, bytesDone: 9_999, bytesTotal: 10_000 }, 99],
  // the last file is an empty one
  [{ done: 3, total: 4, bytesDone: 100, bytesTotal: 100 }, 99],
  [{ done: 4, total: 4, bytesDone: 100, bytesTotal: 100 }, 100],
])('the progress %j is %d percent', (over, percent) => {
  expect(percentOf({ ...progress, ...over })).toBe(percent);
});

test('the requests of a run are the sum of all kinds', () => {
  expect(requestsOf(runOf({ requests: { list: 1, head: 2, get: 3, put: 4, delete: 5 } }))).toBe(15);
});

test('the start and the end of a job are announced; a pause, a purge and the first answer are not', () => {
  const idle = jobOf('upload');
  const running = jobOf('upload', { running: true, wanted: true });
  const paused = jobOf('upload', { wanted: true });
  const over = jobOf('upload', { lastRun: runOf({ status: 'stopped', done: 7, failed: 1 }) });
  expect(announcementsOf([], [running])).toEqual([]);
  expect(announcementsOf([idle], [running])).toEqual([{ kind: 'started', job: 'upload' }]);
  expect(announcementsOf([running], [paused])).toEqual([]);
  expect(announcementsOf([paused], [over])).toEqual([{ kind: 'ended', job: 'upload', status: 'stopped', done: 7, failed: 1 }]);
  expect(announcementsOf([jobOf('purge')], [jobOf('purge', { running: true })])).toEqual([]);
});

test('the end of a dry run is announced with the dry run’s own numbers', () => {
  const trying = jobOf('upload', { running: true, lastDryRun: runOf({ status: 'running', endedAt: null }) });
  const tried = jobOf('upload', { lastDryRun: runOf({ done: 5 }), lastRun: runOf({ done: 99 }) });
  expect(announcementsOf([trying], [tried])).toEqual([{ kind: 'ended', job: 'upload', status: 'complete', done: 5, failed: 0 }]);
});

test.each([
  ['*/2 * * * *', 'every-2'],
  [' */5  * * * * ', 'every-5'],
  ['0 * * * *', 'hourly'],
  ['0 3 * * *', 'nightly'],
  ['0 4 * * *', 'own'],
])('the schedule %j is shown as the choice %s', (expression, choice) => {
  expect(choiceOf(expression)).toBe(choice);
});

test('every schedule that can be chosen is recognised again', () => {
  for (const [choice, expression] of Object.entries(SCHEDULES)) expect(choiceOf(expression)).toBe(choice);
});

test.each([
  ['', null],
  ['  ', null],
  [' 12 ', 12],
  ['0', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['9'.repeat(17), undefined],
])('the text %j for the highest id is read as %s', (text, id) => {
  expect(readMaxId(text)).toBe(id);
});

test.each([
  [0, { hours: 0, minutes: 1 }],
  [61, { hours: 0, minutes: 2 }],
  [3_599, { hours: 1, minutes: 0 }],
  [7_260, { hours: 2, minutes: 1 }],
])('%d seconds are shown as %j, rounded up to a minute', (seconds, parts) => {
  expect(minutesOf(seconds)).toEqual(parts);
});

test('a state that only a newer server knows has a text, too', () => {
  expect([stateKey('missing'), stateKey('local'), stateKey('elsewhere')]).toEqual(['state.missing', 'state.local', 'state.other']);
});

test('the plan of an audit counts what it would change, and is gone once a change was applied', () => {
  const counts = [
    { kind: 'orphan-object', action: 'none', count: 3, bytes: 30 },
    { kind: 'object-missing', action: 'upload-again', count: 2, bytes: 20 },
  ] as const;
  const finding = { kind: 'object-missing', key: 'a.jpg', name: null, size: 10, reason: null, action: 'upload-again' } as const;
  expect(planOf({ counts: [...counts], results: [{ ...finding, applied: false }] })).toEqual({ count: 2, bytes: 20 });
  expect(planOf({ counts: [...counts], results: [] })).toEqual({ count: 2, bytes: 20 });
  expect(planOf({ counts: [...counts], results: [{ ...finding, applied: true }] })).toBeNull();
  expect(planOf({ counts: [counts[0]], results: [] })).toBeNull();
});

test('the job that moves objects is offered only where it has something to do, or has had', () => {
  const progress = { ...jobOf('relocate').progress, done: 4, total: 4 };
  expect(isOffered(jobOf('relocate', { progress }))).toBe(false);
  expect(isOffered(jobOf('relocate', { progress: { ...progress, done: 3 } }))).toBe(true);
  expect(isOffered(jobOf('relocate', { progress, wanted: true }))).toBe(true);
  expect(isOffered(jobOf('relocate', { progress, lastRun: runOf() }))).toBe(true);
  expect(isOffered(jobOf('cleanup', { progress }))).toBe(true);
});

import { readFailure } from '../../admin/src/api/failure';
import { formatBytes } from '../../admin/src/utils/format';
import { outageKind, situationOf } from '../../admin/src/utils/situation';
import { detailOf, stepRows, wasReadOnly } from '../../admin/src/utils/steps';
import { ERRORS } from '../../server/src/contracts/errors';
import type { OutageStatus, StatusAnswer } from '../../server/src/contracts/api';

const none = { count: 0, bytes: 0 };
const status = (over: Partial<StatusAnswer>): StatusAnswer => ({
  mode: 'read-write',
  reason: null,
  breaker: { state: 'closed', since: null, lastError: null },
  outage: null,
  objects: { local: none, both: none, remote: none, trash: none, lost: none, missing: none, failed: none },
  library: { items: 0, untaken: 0 },
  pendingUploads: none,
  stranded: { ...none, volumes: [] },
  incidents: [],
  node: { volume: 'v', production: true, ephemeral: null, disk: null, twin: false, memory: { count: 0, bytes: 0 } },
  ...over,
});

const outage: OutageStatus = { since: '2026-01-01T00:00:00Z', code: 'TIMEOUT', detail: null, reads: true, writes: true, unreadable: { count: 58, bytes: 580 } };

const settings = { onOutage: 'local' } as const;
const readWrite = { mode: 'read-write', reason: null, settings } as const;
const off = { mode: 'off', settings } as const;
const notConfigured = { code: 'NOT_CONFIGURED', message: '', hint: '' } as const;

test('the situation follows the mode in the settings until the status is known, then the mode in the status', () => {
  expect(situationOf({ ...off, reason: notConfigured }, null)).toEqual({ kind: 'off', reason: notConfigured });
  expect(situationOf({ ...off, reason: notConfigured }, status({}))).toEqual({ kind: 'read-write' });
});

test('everything counts as in S3 only when the status shows that no file is left behind', () => {
  const objects = { ...status({}).objects, local: { count: 60, bytes: 600 } };
  const nothing = { untaken: 0, local: none, nowhere: 0 };
  expect(situationOf(readWrite, status({}))).toEqual({ kind: 'read-write' });
  expect(situationOf(readWrite, null)).toEqual({ kind: 'partly', rest: null });
  expect(situationOf(readWrite, status({ library: null }))).toEqual({ kind: 'partly', rest: { ...nothing, untaken: null } });
  expect(situationOf(readWrite, status({ library: { items: 12, untaken: 12 } }))).toEqual({ kind: 'partly', rest: { ...nothing, untaken: 12 } });
  expect(situationOf(readWrite, status({ objects }))).toEqual({ kind: 'partly', rest: { ...nothing, local: { count: 60, bytes: 600 } } });
  const missing = { ...status({}).objects, missing: { count: 2, bytes: 0 } };
  expect(situationOf(readWrite, status({ objects: missing }))).toEqual({ kind: 'partly', rest: { ...nothing, nowhere: 2 } });
});

test('the situation is cut off when S3 is off while files are only in S3', () => {
  const objects = { ...status({}).objects, remote: { count: 58, bytes: 580 } };
  expect(situationOf({ ...off, reason: notConfigured }, status({ mode: 'off', reason: notConfigured, objects }))).toEqual({
    kind: 'cut-off',
    reason: notConfigured,
    files: { count: 58, bytes: 580 },
  });
});

test('settings whose last test failed are not shown as working', () => {
  const finding = { code: 'INVALID_ACCESS_KEY', message: 'm', hint: null } as const;
  expect(situationOf(readWrite, status({}), finding)).toEqual({ kind: 'unproven', refuses: false, finding });
  // the beginning comes from the outage, and the cause is the one that was found just now
  expect(situationOf(readWrite, status({ outage }), finding)).toMatchObject({ kind: 'away', outage: { ...outage, code: 'INVALID_ACCESS_KEY' } });
  expect(situationOf({ ...off, reason: notConfigured }, status({ mode: 'off' }), finding).kind).toBe('off');
});

test('an outage is shown with the files that wait, and after its end the files that still wait are shown', () => {
  const pendingUploads = { count: 3, bytes: 300 };
  expect(situationOf(readWrite, status({ outage, pendingUploads }))).toEqual({ kind: 'away', outage, refuses: false, waiting: pendingUploads });
  expect(situationOf(readWrite, status({ pendingUploads })).kind).toBe('catching-up');
  expect(situationOf(readWrite, status({ mode: 'off', outage })).kind).toBe('off');
});

test('an outage is named by its effect: away, denied, no writes, or no reads', () => {
  expect(outageKind(outage)).toBe('away');
  expect(outageKind({ ...outage, code: 'INVALID_ACCESS_KEY' })).toBe('denied');
  expect(outageKind({ ...outage, reads: false })).toBe('writes');
  expect(outageKind({ ...outage, writes: false })).toBe('reads');
});

test('an outage refuses uploads only if the settings say so and uploads would go to S3', () => {
  const rejecting = { ...readWrite, settings: { onOutage: 'reject' } } as const;
  expect(situationOf(rejecting, status({ outage }))).toMatchObject({ kind: 'away', refuses: true });
  expect(situationOf(rejecting, status({ outage, mode: 'read-only' }))).toEqual({ kind: 'read-only', reason: null, outage });
  const unknown = { ...readWrite, settings: { onOutage: null } };
  expect(situationOf(unknown, status({ outage }))).toMatchObject({ kind: 'away', refuses: null });
});

test('stranded files do not count as files that wait for their upload', () => {
  const stranded = { count: 3, bytes: 300, volumes: [] };
  const pendingUploads = { count: 3, bytes: 300 };
  const objects = { ...status({}).objects, local: pendingUploads };
  expect(situationOf(readWrite, status({ pendingUploads, stranded, objects }))).toMatchObject({ kind: 'partly', rest: { local: none } });
  expect(situationOf(readWrite, status({ pendingUploads: { count: 4, bytes: 400 }, stranded }))).toMatchObject({
    kind: 'catching-up',
    waiting: { count: 1, bytes: 100 },
  });
  expect(situationOf(readWrite, status({ outage, pendingUploads, stranded }))).toMatchObject({ kind: 'away', waiting: none });
});

test('all seven steps of the connection test are listed, also when one has failed', () => {
  const failed = { name: 'credentials', ok: false, ms: 2, code: 'SIGNATURE_MISMATCH', message: '', hint: null } as const;
  const rows = stepRows({
    ok: false,
    steps: [{ name: 'endpoint', ok: true, ms: 1, code: null, message: '', hint: null }, failed],
    capabilities: { etagIsMd5: null, conditionalPut: null },
    snippets: [],
  });
  expect(rows.map(({ state }) => state)).toEqual(['passed', 'failed', 'left-out', 'left-out', 'left-out', 'left-out', 'left-out']);
});

test('a step of the connection test that could not check anything has not passed', () => {
  const unchecked = { name: 'public', ok: true, ms: 0, code: 'PUBLIC_URL_UNCHECKED', message: '', hint: null } as const;
  const rows = stepRows({ ok: true, steps: [unchecked], capabilities: { etagIsMd5: true, conditionalPut: true }, snippets: [] });
  expect(rows.at(-1)).toMatchObject({ name: 'public', state: 'unchecked' });
});

test('the detail of a step is what the server says beyond the message of the code', () => {
  const step = { name: 'endpoint', ok: false, ms: 1, hint: null } as const;
  const { message } = ERRORS.WRONG_REGION;
  expect(detailOf({ ...step, code: 'WRONG_REGION', message })).toBeNull();
  expect(detailOf({ ...step, code: 'WRONG_REGION', message: `${message} (it is in eu-west-1)` })).toBe('it is in eu-west-1');
  expect(detailOf({ ...step, code: 'WRONG_REGION', message: 'Other words.' })).toBe('Other words.');
});

test('a connection test that passed without writing counts as read-only', () => {
  const capabilities = { etagIsMd5: null, conditionalPut: null };
  const steps = [{ name: 'read', ok: true, ms: 1, code: null, message: '', hint: null } as const];
  expect(wasReadOnly({ ok: true, steps, capabilities, snippets: [] })).toBe(true);
  expect(wasReadOnly({ ok: false, steps, capabilities, snippets: [] })).toBe(false);
});

test('a refusal is read from Strapi’s error answer, and any other answer has no code and no message', () => {
  const details = { code: 'INVALID_SETTINGS', fields: [{ path: 'bucket', message: 'no' }, 'odd'] };
  const error = { name: 'FetchError', response: { data: { error: { message: 'Bad', details } } } };
  expect(readFailure(error)).toEqual({
    code: 'INVALID_SETTINGS',
    message: 'Bad',
    fields: [{ path: 'bucket', message: 'no' }],
    counts: null,
    aborted: false,
  });
  for (const odd of [null, undefined, 'text', new Error('x'), { response: { data: '<html>' } }]) {
    expect(readFailure(odd)).toEqual({ code: null, message: null, fields: [], counts: null, aborted: false });
  }
  expect(readFailure(new DOMException('left', 'AbortError')).aborted).toBe(true);
});

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1500, '1.5 kB'],
  [2_000_000, '2 MB'],
  [3.2e15, '3,200 TB'],
])('%d bytes are shown as %s', (bytes, text) => {
  expect(formatBytes(bytes, 'en')).toBe(text);
});

test('the counts of a refused move are read, but only where they are counts', () => {
  const staying = { count: 3, bytes: 30 };
  const counts = (outOfSight: unknown) => readFailure({ response: { data: { error: { details: { code: 'MOVE_UNCONFIRMED', staying, outOfSight } } } } }).counts;
  expect(counts({ count: 1, bytes: 2 })).toEqual({ staying, outOfSight: { count: 1, bytes: 2 } });
  expect([counts(undefined), counts({ count: '1', bytes: 2 })]).toEqual([null, null]);
});

import type { Browser } from 'playwright-core';

import { english } from '../../admin/src/translations/english';
import french from '../../admin/src/translations/fr.json';
import { jobOf, runOf } from '../support/job-answers';
import { sleep } from '../support/process';
import { ADMIN, startStrapi, type StrapiInstance } from '../support/strapi';
import { seriousFindings } from './support/axe';
import { launchBrowser, screenshot, type Look } from './support/browser';
import { cannedJobs, type CannedJobs } from './support/canned-jobs';
import { migrationPage, openPanel, wider, type MigrationView } from './support/panel';

let strapi: StrapiInstance;
let browser: Browser;

beforeAll(async () => {
  strapi = await startStrapi();
  browser = await launchBrowser();
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await strapi?.discard();
}, 60_000);

/** Plays a scene on the real page in a real panel, with answers that are made up: see {@link cannedJobs}. */
function scene(title: string, play: (view: MigrationView, canned: CannedJobs) => Promise<void>, look?: Look) {
  test(
    title,
    async () => {
      const panel = await openPanel(browser, strapi.url, ADMIN, look);
      try {
        await play(migrationPage(panel), await cannedJobs(panel.page));
        expect(panel.thrown).toEqual([]);
      } catch (error) {
        await screenshot(panel.page, `failed-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`).catch(() => undefined);
        throw error;
      } finally {
        await panel.close();
      }
    },
    120_000,
  );
}

/** Waits for all changes that the panel asks of the server, and compares them with `wanted`. */
async function changed({ changes }: CannedJobs, wanted: string[]): Promise<void> {
  for (let tries = 0; changes.length < wanted.length && tries < 100; tries++) await sleep(100);
  expect(changes).toEqual(wanted);
}

const SOME = { count: 1_204, bytes: 3_210_000_000 };
const UPLOAD = 'Phase 1: Upload';
const CLEANUP = 'Phase 2: Cleanup';
const RELOCATE = 'Move from former buckets';

const trial = runOf({
  dryRun: true,
  done: 1_204,
  total: 1_204,
  bytesDone: SOME.bytes,
  bytesTotal: SOME.bytes,
  requests: { list: 0, head: 1_204, get: 0, put: 1_204, delete: 0 },
  skipped: [
    { code: 'OTHER_PROVIDER', count: 12, bytes: 4_000_000 },
    { code: 'MISSING', count: 3, bytes: 120_000 },
    { code: 'GIVEN_UP', count: 1, bytes: 900 },
  ],
});
const blockedBy = { code: 'UPLOAD_INCOMPLETE', message: 'Not yet.', hint: 'Wait.' } as const;

const failure = (number: number, code: 'NOT_ON_DISK' | 'ACCESS_DENIED' | 'OBJECT_CHANGED') => ({
  key: `${'annual_report_of_the_year_'.repeat(number % 3)}${number}_0a1b2c3d4e.pdf`,
  state: (['local', 'both', 'remote'] as const)[number % 3] ?? 'local',
  origin: 'library',
  size: number * 123_456,
  mime: 'application/pdf',
  attempts: number,
  lastError: { code, message: 'in the server’s words', hint: 'in the server’s words' },
  volume: 'v',
  stranded: false,
  rev: 1,
});

/** An audit after all other runs, because a report from before them could not be applied. */
const AUDIT = runOf({
  ...{ job: 'audit', startedAt: '2026-05-04T11:00:00.000Z', endedAt: '2026-05-04T11:10:00.000Z', done: 4_000, bytesDone: 9_000_000_000 },
  audit: { bucket: 'checked', disk: true, findings: 33, applied: 0, lost: 0 },
});

/** Fills in everything at once: phase 1 half way, with failures, and an audit that has something to put right. */
function fill(canned: CannedJobs): void {
  canned.objects = {
    local: SOME,
    both: { count: 640, bytes: 1_900_000_000 },
    remote: { count: 2_100, bytes: 5_400_000_000 },
    trash: { count: 14, bytes: 60_000_000 },
    failed: { count: 12, bytes: 250_000_000 },
    lost: { count: 1, bytes: 20_000 },
  };
  canned.failed = Array.from({ length: 12 }, (_, index) => failure(index + 1, (['NOT_ON_DISK', 'ACCESS_DENIED', 'OBJECT_CHANGED'] as const)[index % 3] ?? 'NOT_ON_DISK'));
  canned.jobs = {
    upload: {
      running: true,
      wanted: true,
      lastRun: runOf({ status: 'running', endedAt: null }),
      schedule: { enabled: true, expression: '*/2 * * * *', nextRunAt: '2026-05-04T10:04:00.000Z' },
      progress: { done: 640, total: 1_844, failed: 12, bytesDone: 1_900_000_000, bytesTotal: 5_110_000_000, perSecond: 14.25, bytesPerSecond: 42_000_000, etaSeconds: 4_000 },
    },
    cleanup: { blockedBy, lastDryRun: trial },
    restore: { lastRun: runOf({ status: 'failed', done: 10, bytesDone: 9_000, error: { code: 'DISK_FULL', message: '', hint: '' } }) },
    audit: { lastRun: AUDIT },
  };
  canned.report = {
    run: AUDIT,
    counts: [
      { kind: 'object-missing', action: 'upload-again', count: 2, bytes: 2_000_000 },
      { kind: 'orphan-object', action: 'none', count: 31, bytes: 70_000_000 },
    ],
    results: [
      { kind: 'object-missing', key: 'sunset_1a2b3c.jpg', name: 'sunset_1a2b3c.jpg', size: 1_000_000, reason: { code: 'OBJECT_NOT_FOUND', message: '', hint: '' }, action: 'upload-again', applied: false },
      { kind: 'orphan-object', key: null, name: 'backups/old.zip', size: 70_000_000, reason: null, action: 'none', applied: false },
    ],
    pagination: { page: 1, pageSize: 10, total: 33 },
  };
}

scene('the first “Run now” of a job offers a dry run, and the next one starts the job', async (view, canned) => {
  await view.open();
  await view.button('Run now', UPLOAD).click();
  expect(await view.dialog.innerText()).toContain('This job has never run here.');
  await screenshot(view.page, 'migration-1-trial');
  await view.dialog.getByRole('button', { name: 'Dry run' }).click();
  await view.dialog.waitFor({ state: 'detached' });
  await changed(canned, ['POST /jobs/upload/start {"dryRun":true}']);

  canned.jobs.upload = { lastDryRun: trial };
  canned.jobs.restore = { complete: true };
  await view.open();
  await view.card('The library at a glance').getByText('The dry run of phase 1 has found 1,204 files (3.2 GB) to be moved.').waitFor();
  await view.card('Restore').getByText('Nothing to do', { exact: true }).waitFor();
  const result = view.card(UPLOAD).getByRole('group', { name: /result of the dry run/ });
  expect(await result.innerText()).toContain('1,204 files (3.2\u00a0GB) would be taken up, with 2,408 requests to S3.');
  expect(await result.innerText()).toContain('listed by the library, found nowhere');
  await screenshot(view.page, 'migration-2-dry-run');
  await view.button('Run now', UPLOAD).click();
  await changed(canned, ['POST /jobs/upload/start {"dryRun":true}', 'POST /jobs/upload/start {}']);
});

scene('a cleanup is confirmed in a dialog with counts and bytes, and its schedule in a dialog of its own', async (view, canned) => {
  canned.jobs.cleanup = { lastDryRun: trial };
  await view.open();
  await view.button('Run now', CLEANUP).click();
  expect(await view.dialog.innerText()).toContain('1,204 files (3.2\u00a0GB): each is compared with its object in S3 first');
  await screenshot(view.page, 'migration-3-confirm');
  await view.dialog.getByRole('button', { name: 'Cancel' }).click();
  await view.dialog.waitFor({ state: 'detached' });
  expect(canned.changes).toEqual([]);

  await view.card(CLEANUP).getByRole('switch', { name: 'By schedule' }).click();
  await view.dialog.getByRole('button', { name: 'Switch the schedule on' }).click();
  await view.dialog.waitFor({ state: 'detached' });
  await view.button('Run now', CLEANUP).click();
  await view.dialog.getByRole('button', { name: 'Clean up the disk' }).click();
  await view.dialog.waitFor({ state: 'detached' });
  await changed(canned, ['PUT /jobs/cleanup/schedule {"enabled":true}', 'POST /jobs/cleanup/start {}']);
});

scene('a project that has another bucket now can move the objects of the former one, and no other project sees that job', async (view, canned) => {
  await view.open();
  await view.card(CLEANUP).waitFor();
  expect(await view.card(RELOCATE).count()).toBe(0);

  canned.jobs.relocate = { lastDryRun: { ...trial, skipped: [] }, progress: { ...jobOf('relocate').progress, done: 600, total: 1_804, bytesDone: 1_000_000_000, bytesTotal: 4_210_000_000 }, warning: { code: 'FORMER_BUCKET_UNREACHED', message: 'x', hint: 'x' } };
  await view.open();
  await view.page.getByText(english['error.FORMER_BUCKET_UNREACHED.message']).waitFor();
  await screenshot(view.page, 'migration-5-relocate');
  await view.button('Run now', RELOCATE).click();
  expect(await view.dialog.innerText()).toContain('1,204 objects (3.2\u00a0GB) are copied to the present bucket');
  await view.dialog.getByRole('button', { name: 'Move the objects' }).click();
  await view.dialog.waitFor({ state: 'detached' });
  await changed(canned, ['POST /jobs/relocate/start {}']);
});

scene('the dialog before a start says that the run looks once more when no file is known to be concerned', async (view, canned) => {
  canned.jobs.cleanup = { complete: true, lastRun: runOf() };
  canned.jobs.restore = { complete: true, lastRun: runOf() };
  await view.open();
  await view.button('Run now', CLEANUP).click();
  expect(await view.dialog.innerText()).toContain('No copy on disk is known now that could be removed. Each that comes is compared with its object in S3 first');
  await view.dialog.getByRole('button', { name: 'Cancel' }).click();
  await view.button('Run now', 'Restore').click();
  expect(await view.dialog.innerText()).toContain('No file is known to be in S3 only. The run looks once more;');
  await screenshot(view.page, 'migration-3-confirm-none');
});

scene('a refusal of the server is shown with the text of its code, or at the field that it concerns', async (view, canned) => {
  canned.jobs.upload = { lastDryRun: trial };
  await view.open();
  canned.refusal = { status: 409, error: { message: 'x', details: { code: 'READ_ONLY', hint: 'x' } } };
  await view.button('Run now', UPLOAD).click();
  await view.page.getByText(english['error.READ_ONLY.message']).waitFor();

  const card = view.card(UPLOAD);
  await card.getByRole('combobox', { name: 'How often' }).click();
  await view.page.getByRole('option', { name: 'Own expression' }).press('Enter');
  const field = card.getByRole('textbox', { name: 'Cron expression' });
  await field.fill('every day');
  canned.refusal = {
    status: 400,
    error: { message: 'x', details: { code: 'INVALID_SETTINGS', fields: [{ path: 'expression', message: 'must be a cron expression such as */2 * * * *' }] } },
  };
  await card.getByRole('button', { name: 'Save: Cron expression' }).click();
  await card.getByText('must be a cron expression such as').waitFor();
  expect(await field.getAttribute('aria-invalid')).toBe('true');

  await card.getByRole('textbox', { name: 'Up to file ID' }).fill('many');
  await card.getByRole('button', { name: 'Save: Up to file ID' }).click();
  await card.getByText('Enter a whole number above 0, or nothing.').waitFor();
  await screenshot(view.page, 'migration-4-refused');
  expect(await seriousFindings(view.page)).toEqual([]);
});

scene('a job under way shows progress, rate and time left; failures are retried, and an audit’s plan is applied', async (view, canned) => {
  fill(canned);
  await view.open();
  const upload = view.card(UPLOAD);
  await upload.getByText('640 of 1,844 files, 1.9 GB of 5.1 GB').waitFor();
  expect(await upload.innerText()).toMatch(/14\.3 files\/s, 42\sMB\/s\s+about 1 h 7 min left/);
  expect(await upload.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('37');
  expect(await view.card(CLEANUP).innerText()).toContain(english['error.UPLOAD_INCOMPLETE.message']);
  expect(await view.button('Run now', CLEANUP).isDisabled()).toBe(true);
  await view.card('What the audit found').getByRole('button', { name: 'Show the files' }).click();
  await screenshot(view.page, 'migration-5-under-way');
  expect(await seriousFindings(view.page)).toEqual([]);

  const failures = view.card('Failures');
  expect(await failures.getByRole('row').count()).toBe(11);
  expect(await failures.innerText()).toContain(english['error.NOT_ON_DISK.hint']);
  await failures.getByRole('button', { name: 'Next page' }).click();
  await failures.getByText('Page 2 of 2').waitFor();
  await failures.getByRole('button', { name: /^Retry 12_/ }).click();
  await failures.getByRole('button', { name: 'Retry all' }).click();
  await view.card('What the audit found').getByRole('button', { name: 'Apply the plan' }).click();
  expect(await view.dialog.innerText()).toContain('2 findings (2\u00a0MB) are put right');
  await view.dialog.getByRole('button', { name: 'Apply the plan' }).click();
  await view.button('Stop', UPLOAD).click();
  await changed(canned, [
    `POST /objects/retry {"keys":["${canned.failed[11]?.key}"]}`,
    'POST /objects/retry {"all":true}',
    'POST /jobs/audit/start {"apply":true}',
    'POST /jobs/upload/stop {}',
  ]);
});

scene('the start and the end of a job are announced', async (view, canned) => {
  canned.jobs.upload = { lastDryRun: trial };
  await view.open();
  const news = view.page.getByRole('status', { name: 'News of the jobs' });
  expect(await news.innerText()).toBe('');
  canned.jobs.upload = { ...canned.jobs.upload, running: true, wanted: true, lastRun: runOf({ status: 'running', endedAt: null }) };
  await view.button('Run now', UPLOAD).click();
  await news.getByText('Phase 1: Upload: started.').waitFor();
  canned.jobs.upload = { lastDryRun: trial, lastRun: runOf({ done: 1_204, failed: 2 }) };
  await news.getByText('Phase 1: Upload: complete. 1,204 files, 2 failed.').waitFor();
});

scene('leaving S3 is confirmed in a dialog that says what follows, and can be taken back', async (view, canned) => {
  canned.objects = { remote: SOME };
  await view.open();
  await view.main.getByRole('button', { name: 'Stop using S3' }).click();
  const words = await view.dialog.innerText();
  for (const part of ['go to the local disk', 'still read from there', 'schedules are switched off', 'nothing in the bucket changes', 'run the restore', 'uninstall the plugin']) {
    expect(words).toContain(part);
  }
  await screenshot(view.page, 'migration-6-leave');
  canned.leaving = true;
  await view.dialog.getByRole('button', { name: 'Stop using S3' }).click();
  await view.main.getByText(english['error.LEAVING.message']).waitFor();
  await view.main.getByRole('button', { name: 'Use S3 again' }).click();
  canned.leaving = false;
  await view.dialog.getByRole('button', { name: 'Use S3 again' }).click();
  await view.main.getByText('Files are stored in S3.').waitFor();
  await changed(canned, ['POST /settings/leave {}', 'POST /settings/return {}']);
});

scene(
  'the page in the dark theme and in French has no English text left',
  async (view, canned) => {
    fill(canned);
    await view.open();
    await view.card('Échecs').getByRole('row').nth(1).waitFor();
    await screenshot(view.page, 'migration-7-dark-fr');
    expect(await seriousFindings(view.page)).toEqual([]);
    const text = await view.main.innerText();
    const left = Object.entries(english).filter(([key, words]) => words.length > 10 && words !== french[key as keyof typeof french] && text.includes(words));
    expect(left).toEqual([]);
  },
  { theme: 'dark', language: 'fr' },
);

scene(
  'on a narrow screen nothing is wider than the page',
  async (view, canned) => {
    fill(canned);
    await view.open();
    await view.card('Failures').getByRole('row').nth(1).waitFor();
    await screenshot(view.page, 'migration-8-narrow');
    expect(await view.main.evaluate(wider)).toBeLessThanOrEqual(0);
  },
  { width: 420 },
);

test('a hidden page does not ask the server, and asks at once when it is shown again', async () => {
  const panel = await openPanel(browser, strapi.url, ADMIN);
  try {
    const canned = await cannedJobs(panel.page);
    canned.jobs.upload = { running: true, lastRun: runOf({ status: 'running', endedAt: null }) };
    await migrationPage(panel).open();
    const hide = (hidden: boolean) =>
      panel.page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} }); document.dispatchEvent(new Event('visibilitychange'));`);
    await hide(true);
    // a request that was on its way may still arrive
    await sleep(1_000);
    const before = canned.polls;
    await sleep(5_000);
    expect(canned.polls).toBe(before);
    const asked = panel.page.waitForRequest(/\/s3-storage\/jobs$/);
    await hide(false);
    await asked;
  } finally {
    await panel.close();
  }
}, 60_000);

import { existsSync } from 'node:fs';
import path from 'node:path';

import type { Browser } from 'playwright-core';

import { keysOf, urlsOf } from '../support/admin-client';
import { image, sha256, type TestFile } from '../support/images';
import { openStage, type Stage } from '../support/stage';
import { ADMIN, type UploadedFile } from '../support/strapi';
import { seriousFindings } from './support/axe';
import { launchBrowser, screenshot } from './support/browser';
import { migrationPage, naturalWidth, openPanel, uploadInLibrary, type MigrationView, type Panel } from './support/panel';

const UPLOAD = 'Phase 1: Upload';
const CLEANUP = 'Phase 2: Cleanup';
const RESTORE = 'Restore';
/** For a job to be taken up, to run and to be looked at again. */
const JOB_MS = 30_000;

let stage: Stage;
let browser: Browser;
let panel: Panel;
let view: MigrationView;
let files: UploadedFile[];
/** What visitors got at each URL before there was any S3. */
const before = new Map<string, string>();

const keys = () => files.flatMap(keysOf);
const inUploads = (key: string) => path.join(stage.strapi.uploadsDir, key);

const bytesAt = async (url: string) => {
  const { status, bytes } = await stage.strapi.read(url);
  return status === 200 ? sha256(bytes) : `status ${status}`;
};

const everyByteIsThere = async () => {
  for (const [url, hash] of before) expect(`${url} ${await bytesAt(url)}`).toBe(`${url} ${hash}`);
};

/** A library from before the plugin was configured. */
beforeAll(async () => {
  stage = await openStage();
  browser = await launchBrowser();
  const pictures: TestFile[] = [];
  for (let number = 1; number <= 4; number++) pictures.push(await image(`holiday ${number}.jpg`, 'jpeg', 1_100, 800));
  files = await stage.strapi.upload(pictures);
  for (const url of files.flatMap(urlsOf)) before.set(url, await bytesAt(url));
  expect(await stage.configure()).toBe('read-write');
  panel = await openPanel(browser, stage.strapi.url, ADMIN);
  view = migrationPage(panel);
}, 300_000);

afterAll(async () => {
  await panel?.close();
  await browser?.close();
  await stage?.close();
}, 60_000);

/** One chapter of the story; each goes on where the one before has ended. */
function chapter(title: string, play: () => Promise<void>) {
  test(
    title,
    async () => {
      try {
        await play();
        expect(panel.thrown).toEqual([]);
      } catch (error) {
        await screenshot(panel.page, `failed-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`).catch(() => undefined);
        throw error;
      }
    },
    120_000,
  );
}

const dryRunOf = (job: string) => view.card(job).getByRole('group', { name: /result of the dry run/ });

/** What somebody does who meets a job for the first time: the page itself has them try it first. */
async function tryFirst(job: string): Promise<string> {
  await view.button('Run now', job).click({ timeout: JOB_MS });
  await view.dialog.getByRole('button', { name: 'Dry run' }).click();
  await dryRunOf(job).waitFor({ timeout: JOB_MS });
  return dryRunOf(job).innerText();
}

const complete = (job: string) => view.card(job).getByText('Complete', { exact: true }).waitFor({ timeout: JOB_MS });

chapter('the dry run counts the library and moves nothing', async () => {
  await view.open();
  expect(await tryFirst(UPLOAD)).toMatch(new RegExp(`^${keys().length} files \\(.+\\) would be taken up`));
  expect(await stage.bucket.keys('holiday')).toEqual([]);
  expect(await seriousFindings(panel.page)).toEqual([]);
});

chapter('phase 1 goes to 100 percent, and every file is in the bucket', async () => {
  await view.button('Run now', UPLOAD).click();
  await complete(UPLOAD);
  expect(await view.card(UPLOAD).getByRole('progressbar').getAttribute('aria-valuenow')).toBe('100');
  const stored = await stage.bucket.keys();
  expect(keys().filter((key) => !stored.includes(key))).toEqual([]);
  expect(keys().filter((key) => !existsSync(inUploads(key)))).toEqual([]);
  await screenshot(panel.page, 'migration-story-1-uploaded');
});

chapter('the media library shows its pictures', async () => {
  await panel.page.goto(`${panel.base}/admin/plugins/upload`);
  const thumbnail = panel.page.locator('main img[src*="/thumbnail_holiday_"]').first();
  await thumbnail.waitFor();
  expect(await naturalWidth(thumbnail)).toBeGreaterThan(0);
});

chapter('the cleanup is confirmed and frees the disk; every file is still served', async () => {
  await view.open();
  await tryFirst(CLEANUP);
  await view.button('Run now', CLEANUP).click();
  expect(await view.dialog.innerText()).toContain(`${keys().length} files`);
  await view.dialog.getByRole('button', { name: 'Clean up the disk' }).click();
  await complete(CLEANUP);
  await stage.eventually('the plain paths are free', () => keys().every((key) => !existsSync(inUploads(key))), JOB_MS);
  await everyByteIsThere();
  await screenshot(panel.page, 'migration-story-2-cleaned');
});

chapter('the restore brings every byte back: with S3 away all of it is still served', async () => {
  await view.open();
  await tryFirst(RESTORE);
  await view.button('Run now', RESTORE).click();
  await view.dialog.getByRole('button', { name: 'Restore the files' }).click();
  await complete(RESTORE);
  await stage.proxy.refuse();
  try {
    await everyByteIsThere();
  } finally {
    await stage.proxy.accept();
  }
});

chapter('once S3 is no longer used, a new picture stays on the disk', async () => {
  await view.open();
  await view.main.getByRole('button', { name: 'Stop using S3' }).click();
  await view.dialog.getByRole('button', { name: 'Stop using S3' }).click();
  await view.main.getByRole('button', { name: 'Use S3 again' }).waitFor();
  const thumbnail = await uploadInLibrary(panel, await image('farewell.jpg', 'jpeg', 500, 400));
  expect(await naturalWidth(thumbnail)).toBeGreaterThan(0);
  expect((await stage.bucket.keys()).filter((key) => key.includes('farewell_'))).toEqual([]);
  await everyByteIsThere();
  await view.open();
  await screenshot(panel.page, 'migration-story-3-left');
});

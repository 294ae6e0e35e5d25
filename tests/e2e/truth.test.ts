import type { Browser, Page } from 'playwright-core';

import type { StatusAnswer } from '../../server/src/contracts/api';
import { s3Error } from '../support/fault-proxy';
import { image } from '../support/images';
import { openStage, type Stage } from '../support/stage';
import { ADMIN } from '../support/strapi';
import { seriousFindings } from './support/axe';
import { launchBrowser, screenshot, type Look } from './support/browser';
import { fillIn, migrationPage, openPanel, settingsPage, type Panel, type SettingsView } from './support/panel';

/** Every sentence of the panel is true when the panel shows it. The tests tell one story, with a real server behind each sentence. */
let stage: Stage;
let browser: Browser;
const ITEMS = 3;

beforeAll(async () => {
  stage = await openStage();
  browser = await launchBrowser();
  for (let number = 1; number <= ITEMS; number++) await stage.strapi.upload(await image(`before-${number}.jpg`, 'jpeg', 900, 600));
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await stage?.close();
}, 60_000);

function scene(title: string, play: (panel: Panel) => Promise<void>, look: Look = {}) {
  test(
    title,
    async () => {
      const panel = await openPanel(browser, stage.strapi.url, ADMIN, look);
      try {
        await play(panel);
        expect(panel.thrown).toEqual([]);
      } catch (error) {
        await screenshot(panel.page, `failed-truth-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`).catch(() => undefined);
        throw error;
      } finally {
        stage.proxy.heal();
        await stage.proxy.accept();
        await panel.close();
      }
    },
    120_000,
  );
}

const status = async () => (await stage.strapi.api<StatusAnswer>('GET', '/s3-storage/status')).body;
const look = (page: Page, name: string) => screenshot(page, `truth-${name}`);
const said = (view: SettingsView, text: string | RegExp) => view.status.getByText(text).first().waitFor();

const enterKey = async (view: SettingsView, secret = stage.s3.secretAccessKey) => {
  const replace = view.main.getByRole('button', { name: 'Replace: secret access key', exact: true });
  if (await replace.count()) await replace.click();
  await view.field('Secret access key').fill(secret);
};

const run = async (job: string) => {
  expect((await stage.strapi.api('POST', `/s3-storage/jobs/${job}/start`, {})).status).toBe(202);
  await stage.eventually(`${job} has ended`, async () => {
    const { body } = await stage.strapi.api<{ jobs: { name: string; running: boolean; wanted: boolean }[] }>('GET', '/s3-storage/jobs');
    return body.jobs.every(({ name, running, wanted }) => name !== job || (!running && !wanted));
  }, 60_000);
};

scene('the page says after the first save how many items are not in S3 yet, and leads to the migration', async (panel) => {
  const view = settingsPage(panel);
  await view.open();
  await view.choosePreset('MinIO and forks');
  await fillIn(view, {
    Bucket: stage.bucket.bucket,
    Region: stage.s3.region,
    Endpoint: stage.proxy.endpoint,
    'Access key ID': stage.s3.accessKeyId,
    'Secret access key': stage.s3.secretAccessKey,
  });
  await view.save.click();
  // the page tests the saved settings at once
  await view.main.getByText('The connection works.').waitFor();
  await said(view, 'New uploads go to S3.');
  await said(view, `${ITEMS} items of the media library have not been moved to S3 yet`);
  expect(await view.status.innerText()).not.toContain('Files are stored in S3.');
  await look(panel.page, '1-first-save');
  expect(await seriousFindings(panel.page)).toEqual([]);

  await view.status.getByRole('link', { name: 'Move the library to S3' }).click();
  const migration = migrationPage(panel);
  await migration.main.getByRole('heading', { level: 1, name: 'Migration' }).waitFor();
  await migration.main.getByText(`${ITEMS} items of the media library have not been looked at yet`).waitFor();
  await look(panel.page, '2-migration');
});

scene('a wrong key that is saved over a good one is named at once, and again when the page is opened', async (panel) => {
  const view = settingsPage(panel);
  await view.open();
  stage.proxy.on({ fault: { kind: 'answer', answer: s3Error(403, 'SignatureDoesNotMatch') } });
  await enterKey(view, 'wrong');
  await view.save.click();
  await panel.page.getByText('Saved, but the connection test failed: see below.').first().waitFor();
  await said(view, /S3 has refused this server since|the connection test failed/);
  await said(view, /The secret access key does not belong to this access key ID\./);
  await look(panel.page, '3-wrong-key');

  await view.open();
  await said(view, /^S3 has refused this server since .* Uploads go on, to the local disk\.$/);
  stage.proxy.heal();
  await enterKey(view);
  await view.save.click();
  await view.main.getByText('The connection works.').waitFor();
  await said(view, 'New uploads go to S3.');
});

scene('the page says that files are stored in S3 once phase 1 has moved the library', async (panel) => {
  await run('upload');
  const view = settingsPage(panel);
  await view.open();
  await said(view, 'Files are stored in S3.');
  await run('cleanup');
  expect((await status()).objects.remote.count).toBeGreaterThan(ITEMS);
  await look(panel.page, '4-moved');
});

scene('the page says in an outage how many files nobody can open', async (panel) => {
  await stage.proxy.refuse();
  await stage.strapi.upload(await image('outage.jpg', 'jpeg', 300, 200));
  const { count } = (await status()).objects.remote;
  const view = settingsPage(panel);
  await view.open();
  await said(view, new RegExp(`^${count} files .* are only in S3 and cannot be opened until then\\.$`));
  await look(panel.page, '5-outage-dark');
  await stage.proxy.accept();
}, { theme: 'dark' });

scene('an audit that did not look at the bucket is not shown as all in order', async (panel) => {
  await stage.eventually('S3 is back', async () => (await status()).outage === null, 60_000);
  await stage.eventually('nothing waits', async () => (await status()).pendingUploads.count === 0, 60_000);
  await run('audit');
  const view = migrationPage(panel);
  await view.open();
  await view.card('Audit').getByText('All in order').waitFor();

  // an audit that S3 does not answer waits for S3, and one that cannot ask S3 at all ends
  expect((await stage.strapi.api('POST', '/s3-storage/settings/leave')).status).toBe(200);
  await stage.strapi.api('PUT', '/s3-storage/settings', { bucket: null, confirmMove: true });
  await run('audit');
  await view.open();
  await view.main.getByText('The bucket was not looked at, because S3 is not in use or did not answer').waitFor();
  expect(await view.card('Audit').first().innerText()).not.toContain('All in order');
  await look(panel.page, '6-audit-without-bucket');
  await stage.configure({ bucket: stage.bucket.bucket, secretAccessKey: stage.s3.secretAccessKey });
  expect((await stage.strapi.api('POST', '/s3-storage/settings/return')).status).toBe(200);
});

scene('removing the bucket needs a confirmation while files are only there, and the page says so afterwards', async (panel) => {
  await stage.eventually('S3 is back', async () => (await status()).outage === null, 60_000);
  const { count } = (await status()).objects.remote;
  const view = settingsPage(panel);
  await view.open();
  await view.main.getByRole('button', { name: 'Reset Bucket: remove the stored value' }).click();
  await view.save.click();
  const dialog = panel.page.getByRole('alertdialog');
  await dialog.getByText(new RegExp(`^${count} files .* are only in the place that S3 Storage uses now\\.`)).waitFor();
  await look(panel.page, '7-leaving-the-bucket');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect((await status()).mode).toBe('read-write');

  await view.save.click();
  await dialog.getByRole('button', { name: 'Change it anyway' }).click();
  await said(view, new RegExp(`^S3 is not used, but ${count} files .* are only there\\.$`));
  expect(await view.status.innerText()).not.toContain('Not set up yet');
  await look(panel.page, '8-cut-off');
  expect(await seriousFindings(panel.page)).toEqual([]);

  const migration = migrationPage(panel);
  await migration.open();
  await migration.card('Phase 2: Cleanup').getByText('No bucket is configured.').waitFor();
});

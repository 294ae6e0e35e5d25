import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';

import type { Browser, Locator, Page } from 'playwright-core';

import { textFile } from '../support/images';
import { addPerson, type Person } from '../support/people';
import { layOutApp } from '../support/playground-app';
import { tempFolder } from '../support/process';
import { openStage, type Stage } from '../support/stage';
import { ADMIN, startStrapi, type StrapiInstance } from '../support/strapi';
import { seriousFindings } from './support/axe';
import { launchBrowser, screenshot, type Look } from './support/browser';
import { migrationPage, openPanel, settingsPage, type Panel } from './support/panel';

/** Production, and a second server on a copy of its database, at the same bucket. The tests tell one story. */
let stage: Stage;
let copy: StrapiInstance;
let browser: Browser;
let reader: Person;

const MARKER = '.s3-storage-owner.json';
const KEPT = 'was written on the copy';

beforeAll(async () => {
  // this test copies a database file; the panel does not depend on the database
  stage = await openStage({ database: { client: 'sqlite' } });
  expect(await stage.configure()).toBe('read-write');
  await stage.strapi.upload(textFile('stays.txt', 'stays'));

  const appDir = await tempFolder('copy');
  await layOutApp(appDir);
  await mkdir(path.join(appDir, '.tmp'), { recursive: true });
  await copyFile(stage.strapi.databaseFile!, path.join(appDir, '.tmp/data.db'));
  copy = await startStrapi({ appDir, database: { client: 'sqlite' }, secrets: stage.strapi.secrets });
  await stage.eventually('the copy knows that it is one', async () => (await modeOf(copy)) === 'read-only');
  await copy.upload(textFile('kept.txt', KEPT));
  reader = await addPerson(copy, 'Reader', ['plugin::s3-storage.settings.read']);
  browser = await launchBrowser();
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await copy?.discard();
  await stage?.close();
}, 60_000);

const modeOf = async (server: StrapiInstance) => (await server.api<{ mode: string }>('GET', '/s3-storage/status')).body.mode;
const ownerInBucket = async () => (JSON.parse((await stage.bucket.get(MARKER)).toString()) as { owner: string }).owner;
const look = (page: Page, name: string) => screenshot(page, `claim-${name}`);
const focused = (on: Locator, page: Page) => stage.eventually('the focus is there', async () => (await on.and(page.locator(':focus')).count()) === 1, 5_000);

function scene(title: string, play: (panel: Panel) => Promise<void>, { at = () => copy, who = () => ADMIN, ...options }: Look & { at?: () => StrapiInstance; who?: () => { email: string; password: string } } = {}) {
  test(
    title,
    async () => {
      const panel = await openPanel(browser, at().url, who(), options);
      try {
        await play(panel);
        expect(panel.thrown).toEqual([]);
      } catch (error) {
        await screenshot(panel.page, `failed-claim-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`).catch(() => undefined);
        throw error;
      } finally {
        await panel.close();
      }
    },
    120_000,
  );
}

scene('the page of a copy says that the copy is safe, and when to claim the bucket', async (panel) => {
  const view = settingsPage(panel);
  await view.open();
  await view.status.getByText('This database is a copy of the one that owns the bucket').waitFor();
  await view.status.getByText('If this is a copy of production, you need not do anything').waitFor();
  await view.status.getByRole('button', { name: 'Claim the bucket…' }).waitFor();
  await look(panel.page, '1-banner');
  expect(await seriousFindings(panel.page)).toEqual([]);

  const migration = migrationPage(panel);
  await migration.open();
  await migration.main.getByRole('button', { name: 'Claim the bucket…' }).waitFor();
});

scene('a person who may only look is told which role a claim needs, and gets no button', async (panel) => {
  const view = settingsPage(panel);
  await view.open();
  await view.status.getByText('A claim needs a role that may change these settings and run the jobs.').waitFor();
  expect(await view.main.getByRole('button', { name: 'Claim the bucket…' }).count()).toBe(0);
}, { who: () => reader });

scene('the dialog says in French and in the dark theme what a claim would do, and Escape closes it', async (panel) => {
  const view = settingsPage(panel, 'fr');
  await view.open();
  await view.status.getByRole('button', { name: 'Revendiquer le bucket…' }).click();
  const dialog = panel.page.getByRole('alertdialog', { name: 'Revendiquer le bucket ?' });
  await dialog.getByText(/^1 fichier \(.+\) du disque de ce serveur sera envoyé dans S3\.$/).waitFor();
  await look(panel.page, '2-dark-fr');
  await panel.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await modeOf(copy)).toBe('read-only');
}, { theme: 'dark', language: 'fr' });

scene('a claim needs a tick for the deletions, by keyboard too, and makes the copy the owner', async (panel) => {
  // a deletion that waits for its end comes from an import, and takes a week: here only the answer has one
  const claims: unknown[] = [];
  await panel.page.route('**/s3-storage/settings/claim', async (route) => {
    if (route.request().method() === 'POST') {
      claims.push(route.request().postDataJSON());
      return route.continue();
    }
    const response = await route.fetch();
    return route.fulfill({ response, json: { ...(await response.json()), deletes: { count: 1, bytes: 27 } } });
  });
  const view = settingsPage(panel);
  await view.open();
  const open = view.status.getByRole('button', { name: 'Claim the bucket…' });
  await open.focus();
  await panel.page.keyboard.press('Enter');
  const dialog = panel.page.getByRole('alertdialog', { name: 'Claim the bucket?' });
  const claim = dialog.getByRole('button', { name: 'Claim the bucket', exact: true });
  await focused(dialog.getByRole('button', { name: 'Cancel' }), panel.page);
  await dialog.getByText(stage.bucket.bucket).waitFor();
  await dialog.getByText(stage.proxy.endpoint).waitFor();
  await dialog.getByText(/^Server .+, last sign of life .*20\d\d.*$/).waitFor();
  await dialog.getByText(/^1 file \(.+\) on this server’s disk will be sent to S3\.$/).waitFor();
  await dialog.getByText(/^1 file \(.+\) that was deleted here will be removed from the bucket\.$/).waitFor();
  await look(panel.page, '3-dialog');
  expect(await claim.isDisabled()).toBe(true);

  const before = await ownerInBucket();
  const tick = dialog.getByRole('checkbox', { name: 'Remove this file from the bucket' });
  for (let step = 0; step < 4 && (await tick.and(panel.page.locator(':focus')).count()) === 0; step++) await panel.page.keyboard.press('Tab');
  await focused(tick, panel.page);
  await panel.page.keyboard.press('Space');
  expect(await claim.isDisabled()).toBe(false);
  await look(panel.page, '4-confirmed');
  for (let step = 0; step < 4 && (await claim.and(panel.page.locator(':focus')).count()) === 0; step++) await panel.page.keyboard.press('Tab');
  await focused(claim, panel.page);
  await panel.page.keyboard.press('Enter');

  await dialog.waitFor({ state: 'detached' });
  await panel.page.getByText('This server owns the bucket now.').first().waitFor();
  await open.waitFor({ state: 'detached' });
  await look(panel.page, '5-claimed');
  expect(await modeOf(copy)).toBe('read-write');
  expect(claims).toEqual([{ owner: before, confirmDeletes: true }]);
  expect(await ownerInBucket()).not.toBe(before);
  await stage.eventually('the kept file is in the bucket', async () => {
    const keys = (await stage.bucket.keys()).filter((key) => key.includes('kept'));
    return keys.length === 1 && (await stage.bucket.get(keys[0]!)).toString() === KEPT;
  }, 60_000);
});

scene('a claim from an owner who has changed is refused in the dialog, which then shows the new owner', async (panel) => {
  // the former owner asks about the bucket, and so learns at once that it is another’s
  await stage.strapi.api('GET', '/s3-storage/settings/claim');
  const view = settingsPage(panel);
  await view.open();
  await view.status.getByText('Another database owns this part of the bucket').waitFor();
  await view.status.getByRole('button', { name: 'Claim the bucket…' }).click();
  const dialog = panel.page.getByRole('alertdialog');
  const claim = dialog.getByRole('button', { name: 'Claim the bucket', exact: true });
  await dialog.getByText('No file will be removed from the bucket.').waitFor();

  const marker = JSON.parse((await stage.bucket.get(MARKER)).toString()) as { server: string };
  await stage.bucket.put(MARKER, JSON.stringify({ ...marker, owner: 'somebody-else', token: 'new', server: 'web-7' }), 'application/json');
  await claim.click();
  await dialog.getByRole('alert').getByText('The bucket’s owner has changed since you looked').waitFor();
  await dialog.getByText(/^Server web-7, /).waitFor();
  await look(panel.page, '6-outdated');
  expect(await modeOf(stage.strapi)).toBe('read-only');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
}, { at: () => stage.strapi });

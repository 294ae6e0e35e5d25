import type { Browser } from 'playwright-core';

import type { StatusAnswer } from '../../server/src/contracts/api';
import { textFile } from '../support/images';
import { restartOnNewDisk } from '../support/lost-disk';
import { openStage, type Stage } from '../support/stage';
import { ADMIN } from '../support/strapi';
import { seriousFindings } from './support/axe';
import { launchBrowser, screenshot, type Look } from './support/browser';
import { openPanel, settingsPage, type SettingsView } from './support/panel';

let stage: Stage;
let browser: Browser;

const FILES = 22;
const status = async () => (await stage.strapi.api<StatusAnswer>('GET', '/s3-storage/status')).body;

/** The disk did not survive a restart, and had files that S3 never got. */
beforeAll(async () => {
  stage = await openStage();
  browser = await launchBrowser();
  expect(await stage.configure()).toBe('read-write');
  await stage.proxy.refuse();
  for (let number = 1; number <= FILES; number++) await stage.strapi.upload(textFile(`minutes-${number}.txt`, `of meeting ${number}`));
  await restartOnNewDisk(stage.strapi);
  await stage.proxy.accept();
  await stage.eventually('the disk is known for what it is', async () => (await status()).node.ephemeral !== null);
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await stage?.close();
}, 60_000);

function scene(title: string, play: (view: SettingsView, thrown: string[]) => Promise<void>, look?: Look) {
  test(
    title,
    async () => {
      const panel = await openPanel(browser, stage.strapi.url, ADMIN, look);
      try {
        const view = settingsPage(panel, look?.language);
        await view.open();
        await play(view, panel.thrown);
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

scene('the page says how many files a vanished disk had, since when, and what to do, and lists the first 20', async (view) => {
  await view.status.getByText(`${FILES} files`, { exact: false }).and(view.main.getByText('only on a disk that is gone')).waitFor();
  const text = await view.status.innerText();
  expect(text).toMatch(/It was last seen on .*20\d\d/);
  expect(text).toContain('replace or delete these files in the media library');
  const list = view.status.getByRole('list', { name: 'Files on a disk that is gone' });
  expect(await list.count()).toBe(0);

  const show = view.status.getByRole('button', { name: 'Show the files' });
  expect(await show.getAttribute('aria-expanded')).toBe('false');
  await show.click();
  await list.getByRole('listitem').first().waitFor();
  expect(await list.getByRole('listitem').count()).toBe(20);
  expect(await list.innerText()).toMatch(/^minutes_\d+_[0-9a-f]+\.txt$/m);
  expect(await view.status.innerText()).toContain('and 2 more');
  await screenshot(view.page, 'disks-1-stranded');
  expect(await seriousFindings(view.page)).toEqual([]);

  await view.status.getByRole('button', { name: 'Hide the files' }).click();
  await list.waitFor({ state: 'detached' });
});

scene('the page warns of an ephemeral disk until uploads are refused during an outage', async (view) => {
  const warning = view.status.getByText('Put the folder on a persistent volume');
  await warning.waitFor();
  await view.main.getByRole('button', { name: /Advanced/ }).click();
  await view.main.getByRole('combobox', { name: /^While S3 is away/ }).click();
  // the test presses a key, because on a busy machine the unfolding part still moves the list under a pointer
  await view.page.getByRole('option', { name: 'Refuse them' }).press('Enter');
  await screenshot(view.page, 'disks-2-reject');
  await view.save.click();
  await warning.waitFor({ state: 'detached' });
  expect(await view.status.innerText()).toContain('only on a disk that is gone');

  await stage.proxy.refuse();
  const form = new FormData();
  form.append('files', new Blob(['x'], { type: 'text/plain' }), 'refused.txt');
  const { body } = await stage.strapi.api<{ error: { message: string } }>('POST', '/upload', form);
  expect(body.error.message).toContain('set to refuse uploads');
  await view.open();
  await view.status.getByText('Uploads are refused until it is back.').waitFor();
  await screenshot(view.page, 'disks-3-refusing');
  await stage.proxy.accept();
  expect(await stage.configure({ onOutage: null })).toBe('read-write');
});

scene(
  'the files of a vanished disk are shown in the dark theme and in French',
  async (view) => {
    await view.status.getByText('que sur un disque disparu').waitFor();
    await view.status.getByRole('button', { name: 'Afficher les fichiers' }).click();
    await view.status.getByRole('listitem').first().waitFor();
    await screenshot(view.page, 'disks-4-dark-fr');
    expect(await seriousFindings(view.page)).toEqual([]);
  },
  { theme: 'dark', language: 'fr' },
);

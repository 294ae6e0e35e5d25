import type { Browser, Locator } from 'playwright-core';

import { english } from '../../admin/src/translations/english';
import french from '../../admin/src/translations/fr.json';
import { s3Error } from '../support/fault-proxy';
import { image } from '../support/images';
import { addPerson, type Person } from '../support/people';
import { openStage, type Stage } from '../support/stage';
import { ADMIN } from '../support/strapi';
import { seriousFindings } from './support/axe';
import { launchBrowser, screenshot, type Look } from './support/browser';
import { fillIn, naturalWidth, openPanel, settingsPage, uploadInLibrary, wider, type Panel, type SettingsView } from './support/panel';

let stage: Stage;
let browser: Browser;
let reader: Person;
let outsider: Person;

beforeAll(async () => {
  stage = await openStage();
  browser = await launchBrowser();
  reader = await addPerson(stage.strapi, 'Reader', ['plugin::s3-storage.settings.read']);
  outsider = await addPerson(stage.strapi, 'Outsider', []);
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await stage?.close();
}, 60_000);

/** Plays one scene of someone at the panel. If it fails, a picture of its end is kept. The page must not have thrown. */
function scene(title: string, play: (panel: Panel) => Promise<void>, options: { who?: () => { email: string; password: string }; look?: Look } = {}) {
  test(
    title,
    async () => {
      const panel = await openPanel(browser, stage.strapi.url, options.who?.() ?? ADMIN, options.look);
      try {
        await play(panel);
        expect(panel.thrown).toEqual([]);
      } catch (error) {
        await screenshot(panel.page, `failed-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`).catch(() => undefined);
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

/** The values that an administrator types. The last one is the secret. */
const typed = (secret = stage.s3.secretAccessKey) => ({
  Bucket: stage.bucket.bucket,
  Region: stage.s3.region,
  Endpoint: stage.proxy.endpoint,
  'Access key ID': stage.s3.accessKeyId,
  'Secret access key': secret,
});

/** Waits until a screenshot and axe see the whole page as a reader would. */
const settled = async (view: SettingsView) => {
  await view.page.getByRole('progressbar').waitFor({ state: 'detached' }).catch(() => undefined);
  await view.page.evaluate('document.fonts.ready.then(() => true)');
};

const mode = async (): Promise<string> => (await stage.strapi.api<{ mode: string }>('GET', '/s3-storage/status')).body.mode;

const ensureConfigured = async () => {
  if ((await mode()) !== 'read-write') expect(await stage.configure()).toBe('read-write');
};

const s3Answers = () =>
  stage.eventually('S3 is back and nothing waits', async () => {
    const { body } = await stage.strapi.api<{ breaker: { state: string }; pendingUploads: { count: number } }>('GET', '/s3-storage/status');
    return body.breaker.state === 'closed' && body.pendingUploads.count === 0;
  }, 60_000);

describe('the first set-up', () => {
  scene('the first visit says what to do', async (panel) => {
    const { page } = panel;
    await page.goto(`${panel.base}/admin/settings`);
    await page.locator('a[href$="/settings/s3-storage"]').click();
    const view = settingsPage(panel);
    await view.main.getByRole('heading', { level: 1, name: 'S3 Storage' }).waitFor();

    expect(await view.status.innerText()).toContain('Not set up yet: files are stored on the local disk.');
    expect(await view.status.innerText()).toContain('Choose your provider, enter bucket and key, test the connection, save.');
    expect(await view.field('Bucket').inputValue()).toBe('');
    expect(await view.save.isDisabled()).toBe(true);
    await settled(view);
    await screenshot(page, '01-first-visit');
    expect(await seriousFindings(page)).toEqual([]);
  });

  scene('a preset fills in the endpoint and the path style, and its hint says what to know of the provider', async (panel) => {
    const view = settingsPage(panel);
    await view.open();
    await view.choosePreset('DigitalOcean Spaces');
    await view.field('Region').fill('ams3');
    expect(await view.field('Endpoint').inputValue()).toBe('https://ams3.digitaloceanspaces.com');
    await view.choosePreset('MinIO and forks');
    expect(await view.field('Endpoint').inputValue()).toBe('http://localhost:9000');
    expect(await view.main.innerText()).toContain('Use the port of the API (9000 by default)');
    await view.main.getByRole('button', { name: /Advanced/ }).click();
    expect(await view.main.getByRole('checkbox', { name: 'Path style' }).isChecked()).toBe(true);
    expect(await view.main.getByText('Not saved yet').count()).toBe(4);
    await screenshot(panel.page, '02-preset');
  });

  scene('a missing or malformed value is named at its field before anything is sent to S3', async (panel) => {
    const view = settingsPage(panel);
    await view.open();
    stage.proxy.forget();
    await view.choosePreset('MinIO and forks');
    await fillIn(view, { Endpoint: 'localhost:9000', 'Access key ID': 'key' });
    await view.test.click();
    expect(await view.errorAt(view.field('Bucket'))).toBe('Enter the bucket’s name.');
    expect(await view.errorAt(view.field('Endpoint'))).toBe('Enter an address that starts with https:// or http://.');
    expect(await view.errorAt(view.field('Secret access key'))).toBe('Enter the secret that belongs to this access key ID.');
    // the first refused field has the focus, so that users of a keyboard or a screen reader are where the work is
    expect(await view.focused()).toBe('bucket');
    expect(stage.proxy.count()).toBe(0);
    await screenshot(panel.page, '03-invalid');
    expect(await seriousFindings(panel.page)).toEqual([]);
  });

  scene('the test names a wrong secret with what to do, and passes with the right one; saving switches to S3', async (panel) => {
    const { page } = panel;
    const view = settingsPage(panel);
    await view.open();
    await view.choosePreset('MinIO and forks');
    await fillIn(view, typed('not-the-secret'));

    // the fault makes every server answer the same, because the embedded one does not check signatures
    stage.proxy.on({ fault: { kind: 'answer', answer: s3Error(403, 'SignatureDoesNotMatch') } });
    await view.test.click();
    await view.main.getByText('The test stopped at:').waitFor();
    const finding = (await view.steps.allInnerTexts()).join('\n');
    expect(finding).toContain('The secret access key does not belong to this access key ID.');
    expect(finding).toContain('Enter the secret again, without spaces around it');
    expect(await mode()).toBe('off');
    await screenshot(page, '04-wrong-secret');
    expect(await seriousFindings(page)).toEqual([]);

    stage.proxy.heal();
    await view.field('Secret access key').fill(stage.s3.secretAccessKey);
    await view.main.getByText('Something was changed since: test again to be sure.').waitFor();
    await view.test.click();
    await view.main.getByText('The connection works.').waitFor();
    expect(await view.steps.count()).toBe(7);
    expect(await view.steps.getByRole('img', { name: 'Passed' }).count()).toBe(6);
    // the project has no public URL, so that nobody could be asked whether visitors reach the plugin
    expect(await view.steps.getByRole('img', { name: 'Not checked' }).count()).toBe(1);
    // the test leaves nothing behind, and stores nothing
    expect(await stage.bucket.keys()).toEqual([]);
    expect(await mode()).toBe('off');
    expect(await seriousFindings(page)).toEqual([]);

    await view.save.click();
    await page.getByText('Saved. Every process uses the new settings').first().waitFor();
    await view.status.getByText('Files are stored in S3.').waitFor();
    expect(await mode()).toBe('read-write');
    expect(await view.field('Secret access key').inputValue()).toMatch(/^•+$/);
    // the access key's input is left out, because on the embedded server it has the same word
    const inputs = await view.main.locator('input:not([name="accessKeyId"])').all();
    const values = await Promise.all(inputs.map((input) => input.inputValue()));
    expect(values).not.toContain(stage.s3.secretAccessKey);
    expect(await view.save.isDisabled()).toBe(true);
    await page.getByText('Saved. Every process uses the new settings').first().waitFor({ state: 'detached' });
    await settled(view);
    await screenshot(page, '05-configured');
  });

  scene('one click adds the CORS rule for scripts of other sites to the bucket, where the server has such rules', async (panel) => {
    const { page } = panel;
    await ensureConfigured();
    const view = settingsPage(panel);
    await view.open();
    await view.test.click();
    await view.main.getByText('The connection works.').waitFor();
    await view.main.getByRole('button', { name: /^CORS rules of the bucket/ }).click();
    const add = view.main.getByRole('button', { name: 'Add this rule to the bucket' });
    await add.click();
    if (stage.s3.kind === 'minio') {
      await page.getByText('This S3 server keeps no CORS rules for a bucket.').waitFor();
    } else {
      await page.getByText('The bucket has the CORS rule now.').waitFor();
      expect(await stage.bucket.corsRules()).toMatchObject([{ AllowedOrigins: ['*'] }]);
    }
    await settled(view);
    await screenshot(page, '05-cors');
    expect(await seriousFindings(page)).toEqual([]);

    // the rule is for the bucket in use, and not for one that is only being typed
    await view.field('Bucket').fill('another-bucket');
    await add.waitFor({ state: 'detached' });
  });

  scene('an image uploaded in the media library is in the bucket, and its thumbnail shows', async (panel) => {
    await ensureConfigured();
    const picture = await image('sunrise.jpg', 'jpeg', 1200, 800);
    const thumbnail = await uploadInLibrary(panel, picture);
    expect(await naturalWidth(thumbnail)).toBeGreaterThan(0);
    const keys = await stage.bucket.keys();
    expect(keys.filter((key) => key.startsWith('sunrise_'))).toHaveLength(1);
    expect(keys.filter((key) => key.startsWith('thumbnail_sunrise_'))).toHaveLength(1);
    await screenshot(panel.page, '06-media-library');
  });
});

describe('while S3 is away', () => {
  scene('an upload works and shows, and the settings page says that S3 is away and how many files wait', async (panel) => {
    await ensureConfigured();
    await stage.proxy.refuse();
    const thumbnail = await uploadInLibrary(panel, await image('outage.jpg', 'jpeg', 900, 700));
    expect(await naturalWidth(thumbnail)).toBeGreaterThan(0);
    expect((await stage.bucket.keys()).filter((key) => key.includes('outage_'))).toEqual([]);
    await screenshot(panel.page, '07-media-library-away');

    const { body } = await stage.strapi.api<{ pendingUploads: { count: number } }>('GET', '/s3-storage/status');
    expect(body.pendingUploads.count).toBeGreaterThan(1);
    const view = settingsPage(panel);
    await view.open();
    await view.status.getByText(/^S3 has been away since .* Uploads go on, to the local disk\.$/).waitFor();
    expect(await view.status.innerText()).toMatch(new RegExp(`${body.pendingUploads.count} files \\(.+\\) wait on disk\\.`));
    expect(await view.status.innerText()).toContain('The S3 endpoint could not be reached.');
    await settled(view);
    await screenshot(panel.page, '08-s3-away');
    expect(await seriousFindings(panel.page)).toEqual([]);

    await stage.proxy.accept();
    await s3Answers();
    expect((await stage.bucket.keys()).filter((key) => key.includes('outage_')).length).toBeGreaterThan(1);
    // the page finds the change by itself
    await view.status.getByText('Files are stored in S3.').waitFor({ timeout: 15_000 });
  });
});

describe('roles', () => {
  scene(
    'a person without permissions sees no link, and is refused by the page and by the API',
    async (panel) => {
      const { page } = panel;
      await page.goto(`${panel.base}/admin/me`);
      await page.getByRole('main').waitFor();
      await page.goto(`${panel.base}/admin/settings`);
      await page.getByRole('main').waitFor();
      expect(await page.locator('a[href*="/settings/s3-storage"]').count()).toBe(0);

      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      await page.goto(`${panel.base}/admin/settings/s3-storage`);
      await page.getByText(/don't have the permissions/).waitFor();
      expect(await page.getByRole('button', { name: 'Test connection' }).count()).toBe(0);
      // the page did not even ask the plugin for anything
      expect(asked.filter((path) => path.startsWith('/s3-storage'))).toEqual([]);
      await screenshot(page, '09-no-rights');
      expect((await outsider.api('GET', '/s3-storage/settings')).status).toBe(403);
      expect((await outsider.api('PUT', '/s3-storage/settings', {})).status).toBe(403);
    },
    { who: () => outsider },
  );

  scene(
    'a person who may only read sees the settings, and can change none of them',
    async (panel) => {
      await ensureConfigured();
      const view = settingsPage(panel);
      await view.open();
      await view.status.getByText('Your role may look at these settings but not change them.').waitFor();
      expect(await view.field('Bucket').inputValue()).toBe(stage.bucket.bucket);
      expect([await view.save.count(), await view.test.count()]).toEqual([0, 0]);
      for (const input of await view.main.locator('form input').all()) expect(await input.isDisabled()).toBe(true);
      for (const name of ['Replace', 'Remove', 'Reset']) expect(await view.main.getByRole('button', { name: new RegExp(`^${name}`) }).count()).toBe(0);
      await settled(view);
      await screenshot(panel.page, '10-read-only-role');
      expect(await seriousFindings(panel.page)).toEqual([]);
      expect((await reader.api('POST', '/s3-storage/settings/test', {})).status).toBe(403);
    },
    { who: () => reader },
  );
});

describe('looks and languages', () => {
  scene(
    'a passed test is readable in the dark theme',
    async (panel) => {
      await ensureConfigured();
      const view = settingsPage(panel);
      await view.open();
      await view.test.click();
      await view.main.getByText('The connection works.').waitFor();
      await settled(view);
      await screenshot(panel.page, '11-dark');
      expect(await seriousFindings(panel.page)).toEqual([]);
    },
    { look: { theme: 'dark' } },
  );

  scene(
    'an outage and a failed test are readable in the dark theme',
    async (panel) => {
      await ensureConfigured();
      const view = settingsPage(panel);
      await stage.proxy.refuse();
      await uploadInLibrary(panel, await image('night.jpg', 'jpeg', 600, 500));
      await view.open();
      await view.test.click();
      await view.main.getByText('The test stopped at:').waitFor();
      await view.status.getByText(/^S3 has been away since/).waitFor();
      await settled(view);
      await screenshot(panel.page, '12-dark-away');
      expect(await seriousFindings(panel.page)).toEqual([]);
      await stage.proxy.accept();
      await s3Answers();
    },
    { look: { theme: 'dark' } },
  );

  scene(
    'the page with a failed test has no English text left in French',
    async (panel) => {
      await ensureConfigured();
      const view = settingsPage(panel, 'fr');
      await view.open();
      expect(await panel.page.locator('html').getAttribute('lang')).toBe('fr');
      await view.main.getByRole('heading', { level: 1, name: 'Stockage S3' }).waitFor();
      stage.proxy.on({ fault: { kind: 'answer', answer: s3Error(403, 'SignatureDoesNotMatch') } });
      await view.test.click();
      await view.main.getByText('Le test s’est arrêté à l’étape :').waitFor();
      await settled(view);
      await screenshot(panel.page, '13-french');
      const text = await view.main.innerText();
      expect(text).toContain(french['preset.minio.label']);
      // the page says nothing in English that has French words
      const left = Object.entries(english).filter(([key, words]) => words.length > 10 && words !== french[key as keyof typeof french] && text.includes(words));
      expect(left).toEqual([]);
    },
    { look: { language: 'fr' } },
  );

  scene(
    'no part of the page is cut off in a narrow window',
    async (panel) => {
      const view = settingsPage(panel);
      await view.open();
      await settled(view);
      const overflow = await view.main.evaluate(wider);
      await screenshot(panel.page, '14-narrow');
      expect(overflow).toBeLessThanOrEqual(0);
    },
    { look: { width: 420 } },
  );
});

describe('unsaved and dangerous changes', () => {
  scene('leaving the page with unsaved changes needs a confirmation', async (panel) => {
    await ensureConfigured();
    const { page } = panel;
    const view = settingsPage(panel);
    await view.open();
    await view.field('Prefix').fill('media/');
    await page.getByRole('link', { name: 'Overview' }).click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText('Your changes to the S3 settings are not saved yet.').waitFor();
    await screenshot(page, '15-unsaved');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(new URL(page.url()).pathname).toBe('/admin/settings/s3-storage');
    expect(await view.field('Prefix').inputValue()).toBe('media/');

    await page.getByRole('link', { name: 'Overview' }).click();
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await page.waitForURL('**/settings/application-infos');
    await view.open();
    expect(await view.field('Prefix').inputValue()).toBe('');
  });

  scene('a value that only the API refuses is named at its field', async (panel) => {
    await ensureConfigured();
    const view = settingsPage(panel);
    await view.open();
    const message = 'The region is kept for another project.';
    const details = { code: 'INVALID_SETTINGS', fields: [{ path: 'region', message }] };
    await panel.page.route('**/s3-storage/settings', async (route) => {
      if (route.request().method() !== 'PUT') return route.continue();
      const error = { status: 400, name: 'ValidationError', message: 'Some settings are not valid.', details };
      return route.fulfill({ status: 400, contentType: 'application/json', body: JSON.stringify({ data: null, error }) });
    });
    await view.field('Region').fill('taken');
    await view.save.click();
    await view.main.getByText(message).waitFor();
    expect(await view.errorAt(view.field('Region'))).toBe(message);
    expect(await view.focused()).toBe('region');
    await screenshot(panel.page, '16-refused-by-api');
    // the typed text is still there, and a correction takes the error away
    expect(await view.field('Region').inputValue()).toBe('taken');
    await view.field('Region').fill('free');
    expect(await view.errorAt(view.field('Region'))).toBe(null);
  });

  scene('another bucket is refused at the secret’s field until the secret is entered again', async (panel) => {
    await ensureConfigured();
    const view = settingsPage(panel);
    await view.open();
    await view.field('Bucket').fill('elsewhere');
    await view.save.click();
    expect(await view.errorAt(view.field('Secret access key'))).toContain('enter the secret again');
    expect(await mode()).toBe('read-write');
  });

  scene('replacing a secret can be cancelled; after its removal the test says that there are no credentials', async (panel) => {
    await ensureConfigured();
    const view = settingsPage(panel);
    await view.open();
    const button = (action: string) => view.main.getByRole('button', { name: `${action}: secret access key`, exact: true });
    const focused = (on: Locator) => stage.eventually('the focus is there', async () => (await on.and(panel.page.locator(':focus')).count()) === 1, 5_000);
    await button('Replace').press('Enter');
    // the focus is on the field for the new secret, for people who use the keyboard
    await focused(view.field('Secret access key'));
    await view.field('Secret access key').fill(stage.s3.secretAccessKey);
    await button('Keep the old one').press('Enter');
    await focused(button('Replace'));
    expect(await view.save.isDisabled()).toBe(true);
    await button('Remove').press('Enter');
    await focused(button('Undo'));
    await view.main.getByText('The stored key pair is removed when you save.').waitFor();
    await view.save.click();
    // by now some files are in S3 only
    await panel.page.getByRole('alertdialog').getByRole('button', { name: 'Change it anyway' }).click();
    await panel.page.getByText(/^Saved[.,]/).first().waitFor();
    const { body } = await stage.strapi.api<{ settings: { secretAccessKeySet: boolean } }>('GET', '/s3-storage/settings');
    expect(body.settings.secretAccessKeySet).toBe(false);
    await view.test.click();
    // the status card may say the same by then
    await view.steps.getByText('No credentials were found.').waitFor();
    await settled(view);
    await screenshot(panel.page, '17-secret-removed');
  });
});

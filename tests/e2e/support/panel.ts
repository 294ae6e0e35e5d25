import type { Browser, Locator, Page } from 'playwright-core';

import type { TestFile } from '../../support/images';
import { openContext, type Look, type Session } from './browser';

interface Credentials {
  email: string;
  password: string;
}

/** Words of the panel that tests need, in the languages in which they open it. */
const WORDS = {
  en: { save: 'Save', test: 'Test connection' },
  fr: { save: 'Enregistrer', test: 'Tester la connexion' },
} as const;

/** Someone's browser at the panel. `thrown` keeps the page's errors, because no scene may end with a silent one. */
export interface Panel {
  readonly page: Page;
  readonly base: string;
  readonly thrown: string[];
  close(): Promise<void>;
}

/** Strapi lets nobody log in more than five times in five minutes. Whoever has logged in once goes on with that session. */
const sessions = new Map<string, Session>();

async function logIn(page: Page, base: string, who: Credentials): Promise<void> {
  await page.goto(`${base}/admin/auth/login`);
  await page.locator('input[name="email"]').fill(who.email);
  await page.locator('input[name="password"]').fill(who.password);
  await page.locator('button[type="submit"]').click();
  await page.waitForURL((url) => !url.pathname.includes('/auth/'));
  await page.getByRole('main').first().waitFor();
  // Strapi shows administrators an announcement, which stays away once somebody has closed it
  const announcement = page.getByText('Introducing the new Media Library').locator('xpath=ancestor::*[.//button][1]');
  const shown = await announcement.waitFor({ timeout: 3_000 }).then(
    () => true,
    () => false,
  );
  if (shown) await announcement.getByRole('button').last().click();
}

export async function openPanel(browser: Browser, base: string, who: Credentials, look: Look = {}): Promise<Panel> {
  const id = `${base} ${who.email}`;
  const session = sessions.get(id);
  const context = await openContext(browser, look, session);
  const page = await context.newPage();
  const thrown: string[] = [];
  page.on('pageerror', (error) => thrown.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Warning:/.test(message.text())) thrown.push(message.text());
  });
  if (!session) await logIn(page, base, who);
  return {
    page,
    base,
    thrown,
    async close() {
      // the session's token may have been renewed meanwhile
      sessions.set(id, await context.storageState());
      await context.close();
    },
  };
}

/** The settings page, found by labels and roles as its users see it. */
export function settingsPage({ page, base }: Panel, language: keyof typeof WORDS = 'en') {
  const words = WORDS[language];
  const main = page.getByRole('main');
  return {
    page,
    main,
    status: main.locator('section').first(),
    save: page.getByRole('button', { name: words.save, exact: true }),
    test: page.getByRole('button', { name: words.test, exact: true }),
    steps: page.getByRole('list', { name: /Steps of the test|Étapes du test/ }).getByRole('listitem'),
    field: (label: string): Locator => main.getByRole('textbox', { name: new RegExp(`^${label}`) }),
    /** The name of the input that has the focus. */
    focused: (): Promise<string | null> => main.locator('input:focus').getAttribute('name'),
    async open() {
      await page.goto(`${base}/admin/settings/s3-storage`);
      await main.getByRole('heading', { level: 1 }).waitFor();
    },
    async choosePreset(label: string) {
      await main.getByRole('combobox', { name: /^Provider/ }).click();
      await page.getByRole('option', { name: label, exact: true }).click();
    },
    /** The error that belongs to an input by `aria-describedby`, or null. */
    async errorAt(input: Locator): Promise<string | null> {
      if ((await input.getAttribute('aria-invalid')) !== 'true') return null;
      const ids = ((await input.getAttribute('aria-describedby')) ?? '').split(' ').filter((id) => id.endsWith('-error'));
      return ids[0] ? page.locator(`[id="${ids[0]}"]`).innerText() : '';
    },
  };
}

/** The migration page, with its cards by their headings and its buttons by job and action. */
export function migrationPage({ page, base }: Panel) {
  const main = page.getByRole('main');
  return {
    page,
    main,
    card: (title: string | RegExp): Locator => main.getByRole('region', { name: title }),
    button: (action: string, job: string): Locator => main.getByRole('button', { name: `${action}: ${job}`, exact: true }),
    dialog: page.getByRole('alertdialog'),
    async open() {
      await page.goto(`${base}/admin/settings/s3-storage-migration`);
      await main.getByRole('heading', { level: 1, name: 'Migration' }).waitFor();
    },
  };
}

export type MigrationView = ReturnType<typeof migrationPage>;

export type SettingsView = ReturnType<typeof settingsPage>;

/** Fills in the settings that connect to a server. A preset comes first, because it puts its own region and endpoint in. */
export async function fillIn(view: SettingsView, values: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(values)) await view.field(label).fill(value);
}

/**
 * Opens the media library with all files or those that a name finds. Strapi's page asks only once what somebody may do. If it asked
 * too early, it offers nothing, and the function opens it anew.
 */
async function openLibrary({ page, base }: Panel, name = ''): Promise<void> {
  const anything = page.getByRole('main').getByRole('button', { name: 'New', exact: true });
  for (let attempt = 1; ; attempt++) {
    await page.goto(`${base}/admin/plugins/upload${name && `?_q=${encodeURIComponent(name)}`}`);
    try {
      await anything.waitFor({ timeout: attempt * 3_000 });
      return;
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

/** Uploads as an editor does. Others may be at work in the library, too. @returns the thumbnail in the library's grid */
export async function uploadInLibrary(panel: Panel, file: TestFile): Promise<Locator> {
  const { page } = panel;
  await openLibrary(panel, file.name);
  await page.getByRole('main').getByRole('button', { name: 'New', exact: true }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('menuitem', { name: 'File upload', exact: true }).click();
  await (await chooser).setFiles({ name: file.name, mimeType: file.type, buffer: file.bytes });
  const stem = file.name.replace(/\.\w+$/, '');
  const thumbnail = page.locator(`main img[src*="/thumbnail_${stem}_"]`);
  await thumbnail.waitFor();
  return thumbnail;
}

async function openDetails(panel: Panel, name: string): Promise<Locator> {
  await openLibrary(panel, name);
  await panel.page.getByRole('main').getByRole('button', { name, exact: true }).click();
  return panel.page.getByRole('dialog', { name: 'File details' });
}

/** Makes a change and waits for the server's answer: before the answer nobody knows that the change was made. */
async function answered(page: Page, method: string, act: () => Promise<void>): Promise<void> {
  const answer = page.waitForResponse((response) => response.request().method() === method && new URL(response.url()).pathname.startsWith('/upload'));
  await act();
  const status = (await answer).status();
  if (status !== 200) throw new Error(`the media library's ${method} was answered ${status}`);
}

/** Replaces a file as an editor does. */
export async function replaceInLibrary(panel: Panel, name: string, file: TestFile): Promise<void> {
  const { page } = panel;
  const details = await openDetails(panel, name);
  await details.getByRole('button', { name: 'Replace this file' }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Continue' }).click();
  const chosen = await chooser;
  await answered(page, 'POST', () => chosen.setFiles({ name: file.name, mimeType: file.type, buffer: file.bytes }));
}

/** Deletes a file as an editor does. */
export async function deleteInLibrary(panel: Panel, name: string): Promise<void> {
  const { page } = panel;
  const details = await openDetails(panel, name);
  await details.getByRole('button', { name: 'Delete this file' }).click();
  await answered(page, 'DELETE', () => page.getByRole('alertdialog').getByRole('button', { name: 'Confirm' }).click());
}

/** The widths in pixels of the media library's first pictures, once they are there. */
export async function picturesInLibrary(panel: Panel, name = ''): Promise<number[]> {
  await openLibrary(panel, name);
  const pictures = panel.page.locator('main img[src*="/uploads/"]');
  await pictures.first().waitFor();
  const widths: number[] = [];
  for (const picture of (await pictures.all()).slice(0, 12)) {
    // pictures further down load when they come into sight
    await picture.scrollIntoViewIfNeeded();
    widths.push(await naturalWidth(picture));
  }
  return widths;
}

/** The width of a picture in pixels, once its loading has ended; 0 for a broken one. */
export const naturalWidth = (picture: Locator): Promise<number> =>
  picture.evaluate(async (element) => {
    const img = element as unknown as { complete: boolean; naturalWidth: number; addEventListener(type: string, done: () => void): void };
    if (!img.complete) {
      await new Promise<void>((resolve) => {
        img.addEventListener('load', () => resolve());
        img.addEventListener('error', () => resolve());
      });
    }
    return img.naturalWidth;
  });

/** The pixels by which an element's content is wider than the element. */
export const wider = (element: unknown): number => {
  const { scrollWidth, clientWidth } = element as { scrollWidth: number; clientWidth: number };
  return scrollWidth - clientWidth;
};

import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

import { ROOT } from '../../support/build';
import { which } from '../../support/process';

const SHOTS = path.join(ROOT, 'artifacts/screenshots');
/** The wait for anything that a person would see within a moment, on two busy cores. */
const WAIT_MS = 10_000;
const VIEWPORT = { width: 1280, height: 900 };

/** A line that says what is missing and how to get it. */
export const NO_CHROMIUM = 'Chromium is not installed: apt-get install chromium (or set CHROMIUM_PATH to a Chromium or Chrome)';

export function findChromium(): string | null {
  const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  return process.env['CHROMIUM_PATH'] ?? programs.map((program) => which(program)).find((found) => found !== null) ?? null;
}

export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(NO_CHROMIUM);
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-default-apps', '--disable-sync', '--no-first-run'];
  // Chromium's sandbox does not work for root, as which a container usually runs.
  const args = [...quiet, '--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
  return chromium.launch({ executablePath, args });
}

/** The cookies and the local storage of someone who is logged in already. */
export type Session = Awaited<ReturnType<BrowserContext['storageState']>>;

export interface Look {
  theme?: 'light' | 'dark';
  language?: 'en' | 'fr';
  width?: number;
}

/** Opens a browser context that shares no cookies. It stores beforehand the values that Strapi's profile page would store. */
export async function openContext(
  browser: Browser,
  { theme = 'light', language = 'en', width = VIEWPORT.width }: Look = {},
  session?: Session,
): Promise<BrowserContext> {
  const locale = language === 'fr' ? 'fr-FR' : 'en-GB';
  const context = await browser.newContext({ viewport: { ...VIEWPORT, width }, locale, storageState: session });
  context.setDefaultTimeout(WAIT_MS);
  // the script is text: it runs in the page and uses the browser's globals, for which the rest of these sources has no types
  const stored = { STRAPI_THEME: theme, 'strapi-admin-language': language };
  await context.addInitScript(`for (const [key, value] of Object.entries(${JSON.stringify(stored)})) localStorage.setItem(key, value);`);
  return context;
}

const TALLEST = `Math.max(...[...document.querySelectorAll('body, body *:not(svg *)')].map((box) => box.scrollHeight))`;

/** Keeps a picture of the whole page, which Strapi scrolls within its own box, as an artefact of the run. */
export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  const before = page.viewportSize() ?? VIEWPORT;
  const height = await page.evaluate<number>(TALLEST);
  await page.setViewportSize({ width: before.width, height: Math.max(before.height, height + 60) });
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`), animations: 'disabled' });
  await page.setViewportSize(before);
}

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { image } from '../support/images';
import { openStage, type Stage } from '../support/stage';
import { ADMIN } from '../support/strapi';
import { startWebServer, type WebServer } from '../support/web-server';
import { launchBrowser, screenshot } from './support/browser';
import { openPanel, type Panel } from './support/panel';

/** Strapi's own Media Library shows, plays, crops and downloads files, whoever sends them. No bucket here has CORS rules. */
let stage: Stage;
let cdn: WebServer;
let browser: Browser;

beforeAll(async () => {
  stage = await openStage();
  // like a CDN, it serves parts of files
  cdn = await startWebServer(async (req, res) => {
    const name = decodeURIComponent(new URL(req.url ?? '/', 'http://any').pathname).slice(1);
    const answer = await fetch(await stage.bucket.urlOf(name), { headers: req.headers.range ? { range: req.headers.range } : {} });
    const headers = ['content-type', 'content-length', 'content-range', 'accept-ranges', 'etag'].flatMap((header) => (answer.headers.has(header) ? [[header, answer.headers.get(header) ?? '']] : []));
    res.writeHead(answer.status, Object.fromEntries(headers) as Record<string, string>).end(Buffer.from(await answer.arrayBuffer()));
  });
  browser = await launchBrowser();
  await stage.configure();
  await stage.strapi.upload(await image('photo.jpg', 'jpeg', 900, 600));
  await stage.strapi.upload({ name: 'clip.webm', type: 'video/webm', bytes: await readFile(path.join(__dirname, '../support/media/clip.webm')) });
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await cdn?.close();
  await stage?.close();
}, 60_000);

/** Expressions of the page, which has types of its own. */
const THUMBNAIL = `document.querySelector('img[src*="/uploads/thumbnail_photo"]')`;
const VIDEO = `document.querySelector('[role=dialog] video')`;

interface Listed {
  id: number;
  url: string;
  width: number;
}

const bytesAt = async (url: string) => Buffer.from(await (await fetch(stage.strapi.url + url)).arrayBuffer());

async function library(panel: Panel): Promise<Page> {
  await panel.page.goto(`${panel.base}/admin/plugins/upload`);
  await panel.page.getByRole('button', { name: 'photo.jpg', exact: true }).waitFor();
  return panel.page;
}

const dialogOf = async (page: Page, name: string) => {
  await page.getByRole('button', { name, exact: true }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Copy link' }).waitFor();
  return dialog;
};

const MODES = [
  ['this server', () => ({ delivery: 'proxy' }), () => stage.strapi.url],
  ['S3, by signed URLs', () => ({ delivery: 'redirect' }), () => stage.proxy.endpoint],
  ['a CDN', () => ({ delivery: 'public', cdnUrl: cdn.url }), () => cdn.url],
] as const;

test.each(MODES)('the Media Library shows, plays, crops and downloads files that come from %s', async (who, settings, origin) => {
  await stage.configure(settings());
  const panel = await openPanel(browser, stage.strapi.url, ADMIN);
  try {
    const sent: string[] = [];
    panel.page.on('response', (answer) => {
      if (answer.status() < 300 && ['image', 'media'].includes(answer.request().resourceType())) sent.push(new URL(answer.url()).origin);
    });
    const page = await library(panel);
    // a thumbnail
    await stage.eventually('the thumbnail is there', async () => (await page.evaluate(`${THUMBNAIL}.naturalWidth`)) === 234);
    await screenshot(page, `delivery-library-${who.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`);

    // a video, with seeking
    await dialogOf(page, 'clip.webm');
    await stage.eventually('the video can be played', async () => (await page.evaluate<number>(`${VIDEO}?.readyState ?? 0`)) >= 2);
    await page.evaluate(`${VIDEO}.muted = true, ${VIDEO}.currentTime = 9, ${VIDEO}.play()`);
    await stage.eventually('the video plays on from where somebody has jumped to', async () => (await page.evaluate<number>(`${VIDEO}.currentTime`)) > 9.2);
    expect([...new Set(sent)]).toEqual([origin()]);

    // a crop, for which the panel has to read the bytes
    const dialog = await dialogOf(await library(panel), 'photo.jpg');
    await dialog.getByRole('button', { name: 'Crop', exact: true }).click();
    await page.getByRole('button', { name: 'Save as copy' }).waitFor();
    const width = page.getByText('Set the crop area with the rectangle').locator('xpath=ancestor::*[.//input][1]//input').first();
    await stage.eventually('the crop has loaded the image', async () => (await width.inputValue()) === '900');
    await width.fill('300');
    await width.press('Tab');
    await page.getByRole('button', { name: 'Save as copy' }).click();
    let copy: Listed | undefined;
    await stage.eventually('the copy is in the library', async () => {
      const { body } = await stage.strapi.api<{ results: Listed[] }>('GET', '/upload/files');
      copy = body.results.find(({ width: cropped }) => cropped === 300);
      return copy !== undefined;
    }, 20_000);
    expect((await sharp(await bytesAt(copy?.url ?? '')).metadata()).width).toBe(300);
    await stage.strapi.api('DELETE', `/upload/files/${copy?.id}`);

    // a download
    const again = await dialogOf(await library(panel), 'photo.jpg');
    const [download] = await Promise.all([page.waitForEvent('download'), again.getByRole('button', { name: 'Download' }).click()]);
    expect((await sharp(await readFile(await download.path())).metadata()).width).toBe(900);
    expect(panel.thrown).toEqual([]);
  } catch (error) {
    await screenshot(panel.page, 'failed-delivery').catch(() => undefined);
    throw error;
  } finally {
    await panel.close();
  }
}, 120_000);

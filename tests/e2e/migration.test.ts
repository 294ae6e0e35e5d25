import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import type { Browser } from 'playwright-core';

import type { StatusAnswer } from '../../server/src/contracts/api';
import type { JobName, JobsAnswer } from '../../server/src/contracts/jobs';
import { keysOf, type UploadedFile } from '../support/admin-client';
import { editorsOf, type Editors } from '../support/editors';
import type { SeenRequest } from '../support/fault-proxy';
import { image, sha256 } from '../support/images';
import { makeLibrary, type Library } from '../support/library';
import { addPerson } from '../support/people';
import { openStage, type Stage } from '../support/stage';
import { ADMIN } from '../support/strapi';
import { uninstall } from '../support/uninstall';
import { seriousFindings } from './support/axe';
import { launchBrowser, screenshot } from './support/browser';
import {
  deleteInLibrary,
  migrationPage,
  naturalWidth,
  openPanel,
  picturesInLibrary,
  replaceInLibrary,
  uploadInLibrary,
  type MigrationView,
  type Panel,
} from './support/panel';

/** The number of images, as in the integration test of the same story. A thousand take some minutes. */
const IMAGES = Number(process.env['MIGRATION_IMAGES'] ?? 150);
const UPLOAD = 'Phase 1: Upload';
const CLEANUP = 'Phase 2: Cleanup';
const RESTORE = 'Restore';
const NAMES = { [UPLOAD]: 'upload', [CLEANUP]: 'cleanup', [RESTORE]: 'restore' } as const satisfies Record<string, JobName>;
/** The longest time in milliseconds for a job to begin, to run and to appear on the page as ended. */
const JOB_MS = 60_000 + 300 * IMAGES;
const CHAPTER_MS = 3 * JOB_MS;
/** The part of the library's files that each editor has: see {@link Editors}. Somebody types in a browser, and a script does the rest. */
const PART = { inBrowser: 4, duringUpload: 3, duringCleanup: 5 };

let stage: Stage;
let browser: Browser;
let panel: Panel;
let view: MigrationView;
/** Somebody else's browser, who knows nothing of S3. */
let desk: Panel;
let library: Library;
let editors: Editors;
/** Keys of the library that no editor touches. */
let quiet: string[];

/** A library from before the plugin was configured. */
beforeAll(async () => {
  stage = await openStage();
  library = await makeLibrary(stage.strapi, IMAGES);
  editors = editorsOf(stage.strapi, library);
  const theirs = new Set(Object.values(PART).flatMap((part) => editors.ownOf(part)));
  quiet = library.files.filter((file) => !theirs.has(file)).flatMap(keysOf);
  browser = await launchBrowser();
  panel = await openPanel(browser, stage.strapi.url, ADMIN);
  view = migrationPage(panel);
  desk = await openPanel(browser, stage.strapi.url, await addPerson(stage.strapi, 'Photographer', []));
}, CHAPTER_MS);

afterAll(async () => {
  await panel?.close();
  await desk?.close();
  await browser?.close();
  await stage?.close();
}, 60_000);

/** Functions that end the work that may be left, whether a chapter has come to its end or not. */
const atEnd: (() => unknown)[] = [];
let broken: string | null = null;

/** Plays one chapter of the story. Each goes on where the one before it has ended. */
function chapter(title: string, play: () => Promise<void>) {
  test(
    title,
    async () => {
      if (broken) throw new Error(`the story has ended with “${broken}”`);
      try {
        await play();
        expect([...panel.thrown, ...desk.thrown]).toEqual([]);
      } catch (error) {
        broken = title;
        const name = `failed-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
        await screenshot(panel.page, name).catch(() => undefined);
        await screenshot(desk.page, `${name}-desk`).catch(() => undefined);
        throw error;
      } finally {
        for (const end of atEnd.splice(0)) await Promise.resolve(end()).catch(() => undefined);
      }
    },
    CHAPTER_MS,
  );
}

const look = (number: number, name: string) => screenshot(panel.page, `migration-story-${number}-${name}`);
const inUploads = (key: string) => path.join(stage.strapi.uploadsDir, key);
const objects = async () => (await stage.strapi.api<StatusAnswer>('GET', '/s3-storage/status')).body.objects;
const filesIn = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'file' : 'files'}`;

const everyByteIsThere = async () => expect((await editors.wrongForVisitors()).slice(0, 20)).toEqual([]);

/** Expects that every picture is shown that somebody sees who opens the media library. */
const picturesAreShown = async (who: Panel) => {
  const widths = await picturesInLibrary(who, 'Bild');
  expect(widths.length).toBeGreaterThan(4);
  expect(widths.filter((width) => width === 0)).toEqual([]);
};

/**
 * Makes S3 slow for files that no editor touches, but for the first of them. A job then stays in the middle of its work for minutes,
 * while the test looks at it. The delay is shorter than the plugin's patience for one request. @returns a function that ends it
 */
function slowDown(method: string): () => void {
  const names = new Set(quiet.map((key) => `/${stage.bucket.bucket}/${key}`));
  let atOnce = 20;
  const isSlow = (request: SeenRequest) => request.method === method && names.has(decodeURIComponent(request.path.split('?')[0] ?? '')) && --atOnce < 0;
  const end = stage.proxy.on({ when: isSlow, fault: { kind: 'latency', ms: 2_000 } });
  atEnd.push(end);
  return end;
}

/** Starts a script that edits beside the browsers. */
function startEditing(part: number): ReturnType<Editors['start']> {
  const editing = editors.start(part);
  atEnd.push(() => editing.stop());
  return editing;
}

const dryRunOf = (job: string) => view.card(job).getByRole('group', { name: /result of the dry run/ });

/** Does what somebody does who meets a job for the first time: the page itself has them try it first. */
async function tryFirst(job: string): Promise<string> {
  await view.button('Run now', job).click({ timeout: JOB_MS });
  await view.dialog.getByRole('button', { name: 'Dry run' }).click();
  await dryRunOf(job).waitFor({ timeout: JOB_MS });
  return dryRunOf(job).innerText();
}

/** Answers the question that comes before a start. @returns its words */
async function confirm(job: string, action: string): Promise<string> {
  await view.button('Run now', job).click({ timeout: JOB_MS });
  const words = await view.dialog.innerText();
  await view.dialog.getByRole('button', { name: action }).click();
  return words;
}

const complete = (job: string) => view.card(job).getByText('Complete', { exact: true }).waitFor({ timeout: JOB_MS });

/** Starts a run and waits until it has ended and the page says so. Before, the page says the same of the former run. */
async function toItsEnd(job: keyof typeof NAMES, start: () => Promise<unknown>): Promise<void> {
  const lastRun = async () => {
    const { body } = await stage.strapi.api<JobsAnswer>('GET', '/s3-storage/jobs');
    return body.jobs.find(({ name }) => name === NAMES[job])?.lastRun;
  };
  const before = (await lastRun())?.id;
  await start();
  await stage.eventually(`“${job}” is complete`, async () => {
    const run = await lastRun();
    return run?.id !== before && run?.status === 'complete';
  }, JOB_MS);
  await view.open();
  await complete(job);
}

/** The progress of a job, as the page shows it. */
async function progressOf(job: string): Promise<{ percent: number; done: number; total: number }> {
  const card = view.card(job);
  const [, done, total] = /([\d,]+) of ([\d,]+) files/.exec(await card.innerText()) ?? [];
  const number = (text = '') => Number(text.replaceAll(',', ''));
  return { percent: Number(await card.getByRole('progressbar').getAttribute('aria-valuenow')), done: number(done), total: number(total) };
}

/** Waits until the page shows that a job under way is further than `than`, and not at its end. */
async function isFurther(job: string, than: number): Promise<number> {
  let now = await progressOf(job);
  await stage.eventually(`the progress of “${job}” is above ${than}`, async () => {
    now = await progressOf(job);
    return now.done > than && now.percent > 0;
  }, JOB_MS);
  expect(now.done).toBeLessThan(now.total);
  expect(now.percent).toBeLessThan(100);
  return now.done;
}

const findFile = async (name: string): Promise<UploadedFile> => {
  const { body } = await stage.strapi.api<{ results: UploadedFile[] }>('GET', `/upload/files?_q=${encodeURIComponent(name)}`);
  return body.results.find((file) => file.name === name) as UploadedFile;
};

/** Uploads, replaces and deletes, as an editor in a browser. */
async function workAtDesk(name: string): Promise<void> {
  const thumbnail = await uploadInLibrary(desk, await image(name, 'jpeg', 500, 400));
  expect(await naturalWidth(thumbnail)).toBeGreaterThan(0);
  await editors.note(await findFile(name));
  await replaceAtDesk();
  const unwanted = nextVictim();
  editors.forget(unwanted);
  await deleteInLibrary(desk, unwanted.name);
  editors.gone(unwanted);
}

async function replaceAtDesk(): Promise<void> {
  const old = nextVictim();
  editors.forget(old);
  await replaceInLibrary(desk, old.name, await image(old.name, 'jpeg', 300, 210));
  await editors.note(await findFile(old.name));
}

const victims: UploadedFile[] = [];
function nextVictim(): UploadedFile {
  if (victims.length === 0) victims.push(...editors.ownOf(PART.inBrowser).filter(({ ext }) => ext === '.jpg'));
  return victims.pop() as UploadedFile;
}

chapter('the dry run counts the library and moves nothing', async () => {
  expect(await stage.configure({ ...stage.settings, batchSize: 10, concurrency: 2 })).toBe('read-write');
  await view.open();
  expect(await tryFirst(UPLOAD)).toMatch(new RegExp(`^${filesIn(library.sums.size)} \\(.+\\) would be taken up`));
  expect(await stage.bucket.keys()).toEqual([]);
  expect(await seriousFindings(panel.page)).toEqual([]);
  await look(1, 'tried');
});

chapter('phase 1 shows progress, rate and time left, is stopped, and goes on to its end while editors work', async () => {
  const card = view.card(UPLOAD);
  const editing = startEditing(PART.duringUpload);
  const speedUp = slowDown('PUT');
  await view.button('Run now', UPLOAD).click();
  await card.getByText(/^[\d.,]+ files\/s, .+\/s$/).waitFor();
  await card.getByText(/^about .+ min left$/).waitFor();
  const before = await isFurther(UPLOAD, 0);
  await look(2, 'under-way');
  await workAtDesk('beach.jpg');
  await isFurther(UPLOAD, before);

  await view.button('Stop', UPLOAD).click();
  await card.getByText(/^Last run: .+, stopped\./).waitFor({ timeout: JOB_MS });
  await look(3, 'stopped');
  const { done, total } = await progressOf(UPLOAD);
  expect(done).toBeLessThan(total);

  speedUp();
  await view.button('Run now', UPLOAD).click();
  await complete(UPLOAD);
  await editing.stop();
});

chapter('phase 1 ends at 100 percent, with the bytes of every untouched file in the bucket', async () => {
  await view.open();
  await complete(UPLOAD);
  expect(await progressOf(UPLOAD)).toMatchObject({ percent: 100 });
  // the test finds objects by their bytes: a file that was about to be sent at “Stop” has got another name than its key
  const stored = new Set((await stage.bucket.list()).map(({ etag }) => etag));
  const md5 = async (key: string) => createHash('md5').update(await readFile(inUploads(key))).digest('hex');
  for (const key of quiet) expect([key, stored.has(await md5(key))]).toEqual([key, true]);
  await everyByteIsThere();
  await look(4, 'uploaded');
  await picturesAreShown(panel);
});

chapter('the cleanup is confirmed in a dialog that says what it does, and frees the disk while editors work', async () => {
  await view.open();
  const { both } = await objects();
  expect(await tryFirst(CLEANUP)).toContain(filesIn(both.count));
  const { done: start } = await progressOf(CLEANUP);
  const speedUp = slowDown('GET');
  const words = await confirm(CLEANUP, 'Clean up the disk');
  expect(words).toContain(filesIn(both.count));
  expect(words).toContain('is removed only if the bytes are the same');
  const editing = startEditing(PART.duringCleanup);
  await isFurther(CLEANUP, start);
  await workAtDesk('mountain.jpg');
  await look(5, 'cleaning');
  speedUp();
  await complete(CLEANUP);
  await editing.stop();
  // this run takes the files that an editor has replaced meanwhile
  await toItsEnd(CLEANUP, () => confirm(CLEANUP, 'Clean up the disk'));
  await stage.eventually('the plain paths are free', () => quiet.every((key) => !existsSync(inUploads(key))), JOB_MS);
});

chapter('files that are in S3 only are served byte for byte, and the media library shows their pictures', async () => {
  await view.open();
  const { local, both, failed } = await objects();
  expect([local.count, both.count, failed.count]).toEqual([0, 0, 0]);
  await everyByteIsThere();
  await look(6, 'cleaned');
  await picturesAreShown(desk);
  await screenshot(desk.page, 'migration-story-7-media-library');
});

chapter('a new picture stays on the disk after “Stop using S3”', async () => {
  await view.open();
  await view.main.getByRole('button', { name: 'Stop using S3' }).click();
  await view.dialog.getByRole('button', { name: 'Stop using S3' }).click();
  await view.main.getByRole('button', { name: 'Use S3 again' }).waitFor();
  const before = await stage.bucket.keys();
  const thumbnail = await uploadInLibrary(desk, await image('farewell.jpg', 'jpeg', 500, 400));
  expect(await naturalWidth(thumbnail)).toBeGreaterThan(0);
  await editors.note(await findFile('farewell.jpg'));
  expect(await stage.bucket.keys()).toEqual(before);
  await view.open();
  await view.card('Leaving S3').getByText('Run the restore: it brings every file back to its path').waitFor();
  await look(8, 'left');
});

chapter('the restore brings every file back to its path, also one that is replaced meanwhile', async () => {
  await view.open();
  const { remote } = await objects();
  expect(await tryFirst(RESTORE)).toContain(filesIn(remote.count));
  const before = await stage.bucket.keys();
  const speedUp = slowDown('GET');
  expect(await confirm(RESTORE, 'Restore the files')).toContain(filesIn(remote.count));
  await isFurther(RESTORE, 0);
  await replaceAtDesk();
  await look(9, 'restoring');
  speedUp();
  await complete(RESTORE);
  // the restore runs once more right before the plugin goes, while nobody edits
  await toItsEnd(RESTORE, () => confirm(RESTORE, 'Restore the files'));
  await view.card('Leaving S3').getByText('The plugin can be uninstalled: Strapi serves every file without it.').waitFor();
  await look(10, 'restored');
  expect(await stage.bucket.keys()).toEqual(before);
  const wrong: string[] = [];
  for (const [key, sum] of editors.expected) {
    const file = await readFile(inUploads(key)).catch(() => Buffer.alloc(0));
    if (sha256(file) !== sum) wrong.push(key);
  }
  expect(wrong).toEqual([]);
  await stage.proxy.refuse();
  try {
    await everyByteIsThere();
  } finally {
    await stage.proxy.accept();
  }
});

chapter('plain Strapi shows every picture and serves every byte after the plugin was uninstalled', async () => {
  await uninstall(stage.strapi, { panel: true });
  stage.proxy.forget();
  await panel.page.goto(`${panel.base}/admin/settings/application-infos`);
  await panel.page.getByRole('link', { name: 'Webhooks' }).waitFor();
  // the panel has neither the plugin's section nor its pages
  expect(await panel.page.getByText(/S3 Storage|Migration/).count()).toBe(0);
  await picturesAreShown(panel);
  await screenshot(panel.page, 'migration-story-11-plain-strapi');
  await everyByteIsThere();
  const thumbnail = await uploadInLibrary(desk, await image('plain.jpg', 'jpeg', 500, 400));
  expect(await naturalWidth(thumbnail)).toBeGreaterThan(0);
  expect(stage.proxy.count()).toBe(0);
});

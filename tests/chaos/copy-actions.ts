import type { ApiAnswer, UploadedFile } from '../support/admin-client';
import { typed } from '../support/command-line';
import type { TestFile } from '../support/images';
import type { StrapiInstance } from '../support/strapi';
import { strapiCommand } from '../support/strapi-command';
import { Contents, type Kind } from './content';
import type { Dice } from './dice';
import type { World } from './world';

/** The prefix that somebody may give the copy, so that it has a part of the bucket to itself. */
export const OWN_PREFIX = 'copy/';

/** How often people do each thing, relative to the others. The last four take a start of Strapi each. */
const ACTIONS = {
  upload: 10, replace: 16, remove: 12, 'bulk delete': 6, read: 8,
  job: 14, 'audit with apply': 4, settings: 6, test: 3, leave: 3, return: 4, untrash: 3, retry: 3, 'own prefix': 1, 'former prefix': 2,
  restart: 1, crash: 1, command: 1, import: 1,
};
const JOBS = ['upload', 'cleanup', 'purge', 'restore', 'relocate', 'audit'] as const;
const COMMANDS = ['upload', 'cleanup --yes', 'restore --yes', 'relocate --yes', 'audit --apply --yes'] as const;
/** Changes that an administrator may make to a copy because production has them as well, or to try something out. */
const PATCHES: readonly [Record<string, unknown>, ...Record<string, unknown>[]] = [
  { concurrency: 2 }, { cleanupGraceDays: 0 }, { uploadScheduleEnabled: true, uploadSchedule: '* * * * *' }, { uploadScheduleEnabled: false },
  { productionOnly: true }, { productionOnly: false }, { onOutage: 'reject' }, { onOutage: 'local' },
];

/** Somebody who works on a copy without a thought for production. */
export class Vandal {
  readonly #contents: Contents;
  #made = 0;

  constructor(
    private readonly world: World,
    private readonly copy: StrapiInstance,
    private readonly dice: Dice,
  ) {
    this.#contents = new Contents(dice.fork('contents'));
  }

  /** Does one thing at random. Answers that refuse it are counted, and only a broken connection throws. */
  async act(): Promise<void> {
    const { copy, dice } = this;
    const action = dice.weighted(ACTIONS);
    switch (action) {
      case 'upload':
        return this.#count(action, copy.api('POST', '/upload', await this.#form(dice.int(1, 3))));
      case 'replace':
        return this.#replace();
      case 'remove':
        return this.#each(1, ([id]) => this.#count(action, copy.api('DELETE', `/upload/files/${id}`)));
      case 'bulk delete':
        return this.#each(dice.int(2, 5), (fileIds) => this.#count(action, copy.api('POST', '/upload/actions/bulk-delete', { fileIds })));
      case 'read':
        return this.#read();
      case 'job':
        return this.#start(dice.pick(JOBS), dice.chance(0.2) ? { dryRun: true } : {});
      case 'audit with apply':
        return this.#start('audit', { apply: true });
      case 'settings':
        return this.#count(action, copy.api('PUT', '/s3-storage/settings', dice.pick(PATCHES)));
      case 'test':
        return this.#count(action, copy.api('POST', '/s3-storage/settings/test', {}));
      case 'leave':
      case 'return':
        return this.#count(action, copy.api('POST', `/s3-storage/settings/${action}`));
      case 'untrash':
      case 'retry':
        return this.#count(action, copy.api('POST', `/s3-storage/objects/${action}`, { all: true }));
      case 'own prefix':
      case 'former prefix':
        return this.#count(action, copy.api('PUT', '/s3-storage/settings', { prefix: action === 'own prefix' ? OWN_PREFIX : '', confirmMove: true }));
      case 'restart':
        return this.#again(action, () => copy.restart());
      case 'crash':
        return this.#again(action, async () => {
          await copy.kill();
          await copy.restart();
        });
      case 'import':
        return this.#import();
      case 'command': {
        const line = dice.pick(COMMANDS);
        const { code } = await typed(copy, line);
        return this.world.count(`copy: command “${line}” ended with ${code}`);
      }
    }
  }

  async #count(what: string, asked: Promise<ApiAnswer<unknown>>): Promise<void> {
    const { status, body } = await asked;
    const code = (body as { error?: { details?: { code?: string } } } | null)?.error?.details?.code;
    this.world.count(`copy: ${what} answered ${status}${code ? ` ${code}` : ''}`);
  }

  #start(job: string, options: Record<string, unknown>): Promise<void> {
    return this.#count(`start of ${job}${JSON.stringify(options)}`, this.copy.api('POST', `/s3-storage/jobs/${job}/start`, options));
  }

  async #again(what: string, work: () => Promise<void>): Promise<void> {
    await work();
    this.world.count(`copy: ${what}`);
  }

  /** Exports the copy, and imports the archive into it, which deletes every file of its library first. */
  async #import(): Promise<void> {
    const { copy } = this;
    await copy.stop();
    const exported = await strapiCommand(copy, 'export', '--no-encrypt', '--no-compress', '--file', 'copy');
    this.world.count(`copy: export ended with ${exported.code}`);
    // an export fails where production has removed a file's object
    if (exported.code === 0) this.world.count(`copy: import ended with ${(await strapiCommand(copy, 'import', '--force', '--file', 'copy.tar')).code}`);
    await copy.restart();
  }

  async #files(): Promise<UploadedFile[]> {
    const { body } = await this.copy.api<{ results: UploadedFile[] }>('GET', '/upload/files?pageSize=500');
    return body.results;
  }

  async #each(number: number, work: (ids: number[]) => Promise<void>): Promise<void> {
    const files = await this.#files();
    if (files.length > number) await work(Array.from({ length: number }, () => files.splice(this.dice.int(0, files.length - 1), 1)[0]!.id));
  }

  async #replace(): Promise<void> {
    const files = await this.#files();
    const file = files[this.dice.int(0, files.length - 1)];
    if (!file) return;
    const { file: content } = await this.#contents.make(file.formats ? 'image' : 'text', file.name);
    const form = formOf([content]);
    form.append('fileInfo', JSON.stringify({ name: file.name }));
    await this.#count('replace', this.copy.api('POST', `/upload?id=${file.id}`, form));
  }

  async #read(): Promise<void> {
    const files = await this.#files();
    const file = files[this.dice.int(0, files.length - 1)];
    if (file) this.world.count(`copy: read answered ${(await this.copy.read(file.url)).status}`);
  }

  async #form(number: number): Promise<FormData> {
    const files: TestFile[] = [];
    for (let made = 0; made < number; made++) {
      const kind = this.dice.pick<Kind>(['text', 'binary', 'image']);
      files.push((await this.#contents.make(kind, `copy-${this.#made++}.${kind === 'image' ? 'jpg' : 'txt'}`)).file);
    }
    return formOf(files);
  }
}

function formOf(files: readonly TestFile[]): FormData {
  const form = new FormData();
  for (const { bytes, type, name } of files) form.append('files', new Blob([new Uint8Array(bytes)], { type }), name);
  return form;
}

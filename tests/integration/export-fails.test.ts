import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { SeenRequest } from '../support/fault-proxy';
import { openStage, type Stage } from '../support/stage';
import { strapiCommand } from '../support/strapi-command';

/** An export that cannot carry everything fails, names the files, and leaves no archive that somebody could take for a backup. */
const SMALL = 50;
/** More than Strapi buffers of a file, so that it is still writing files when the plugin cannot read another. */
const SMALL_BYTES = 2 * 1024 * 1024;
const LARGE_BYTES = 20 * 1024 * 1024;

let stage: Stage;
let large: string;

const binary = (name: string, bytes: number) => ({ name, type: 'application/octet-stream', bytes: randomBytes(bytes) });

/** The default of `strapi export` is a compressed archive. */
async function failingExport(name: string) {
  const { code, output } = await strapiCommand(stage.strapi, 'export', '--no-encrypt', '--file', name);
  expect(code).toBe(1);
  expect(existsSync(path.join(stage.strapi.appDir, `${name}.tar.gz`))).toBe(false);
  expect(output).toContain('The export ends here and is not complete');
  return output;
}

beforeAll(async () => {
  stage = await openStage();
  expect(await stage.configure()).toBe('read-write');
  for (let at = 0; at < SMALL; at += 10) await stage.strapi.upload(Array.from({ length: 10 }, (_, one) => binary(`small${at + one}.bin`, SMALL_BYTES)));
  const [file] = await stage.strapi.upload(binary('large.bin', LARGE_BYTES));
  large = file!.hash + file!.ext;
  await stage.strapi.stop();
}, 300_000);

afterEach(async () => {
  stage.proxy.heal();
  await stage.proxy.accept();
});

afterAll(() => stage?.close(), 60_000);

test('an export while S3 is away fails within a minute, and names twenty files and the number of the others', async () => {
  await stage.proxy.refuse();
  const begun = Date.now();
  const output = await failingExport('away');
  expect(output).toMatch(new RegExp(`${SMALL + 1} files cannot be read now: ("[^"]+"(, )?){20} and ${SMALL + 1 - 20} others`));
  expect(Date.now() - begun).toBeLessThan(60_000);
}, 240_000);

test('an export that cannot read a large file to its end fails, names it, and removes the archive', async () => {
  const isRead = ({ method, path: asked, headers }: SeenRequest) => method === 'GET' && asked.includes(large) && headers.range !== 'bytes=0-0';
  stage.proxy.on({ when: (request) => isRead(request) && request.headers.range === undefined, fault: { kind: 'truncate', afterBytes: 1_000_000 } });
  stage.proxy.on({ when: isRead, fault: { kind: 'reset' } });
  expect(await failingExport('torn')).toContain(`1 file cannot be read now: "${large}"`);
}, 240_000);

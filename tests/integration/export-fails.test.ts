import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { UploadedFile } from '../support/admin-client';
import type { SeenRequest } from '../support/fault-proxy';
import { sha256 } from '../support/images';
import { tempFolder } from '../support/process';
import { openStage, type Stage } from '../support/stage';
import { startStrapi } from '../support/strapi';
import { strapiCommand } from '../support/strapi-command';

/** An export that cannot carry everything fails, names the files, and leaves no archive that somebody could take for a backup. */
const SMALL = 50;
/** More than Strapi buffers of a file, so that it is still writing files when the plugin cannot read another. */
const SMALL_BYTES = 2 * 1024 * 1024;
const LARGE_BYTES = 20 * 1024 * 1024;

let stage: Stage;
let large: string;
let small: string;

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
  const [file, another] = (await stage.strapi.upload([binary('large.bin', LARGE_BYTES), binary('small.bin', SMALL_BYTES)])) as [UploadedFile, UploadedFile];
  large = file.hash + file.ext;
  small = another.url;
  await stage.strapi.stop();
}, 300_000);

afterEach(async () => {
  stage.proxy.heal();
  await stage.proxy.accept();
});

afterAll(() => stage?.close(), 60_000);

test('an export while S3 is away fails within two minutes, and names twenty files and the number of the others', async () => {
  await stage.proxy.refuse();
  const begun = Date.now();
  const output = await failingExport('away');
  expect(output).toMatch(new RegExp(`${SMALL + 2} files cannot be read now: ("[^"]+"(, )?){20} and ${SMALL + 2 - 20} others`));
  expect(Date.now() - begun).toBeLessThan(120_000);
}, 240_000);

/** From the first megabyte on, nobody can read the large file. A look at its first byte finds it readable. */
function tearLarge() {
  const isRead = ({ method, path: asked, headers }: SeenRequest) => method === 'GET' && asked.includes(large) && headers.range !== 'bytes=0-0';
  stage.proxy.on({ when: (request) => isRead(request) && request.headers.range === undefined, fault: { kind: 'truncate', afterBytes: 1_000_000 } });
  stage.proxy.on({ when: isRead, fault: { kind: 'reset' } });
}

test('an export that cannot read a large file to its end fails, names it, and removes the archive', async () => {
  tearLarge();
  expect(await failingExport('torn')).toContain(`1 file cannot be read now: "${large}"`);
}, 240_000);

test('a transfer that cannot read a large file fails and names it, and the server that was asked goes on; the next transfer carries everything', async () => {
  await stage.strapi.restart();
  const { body } = await stage.strapi.api<{ data: { accessKey: string } }>('POST', '/admin/transfer/tokens', { name: 'pull', description: '', permissions: ['pull'], lifespan: null });
  const other = await startStrapi({ appDir: await tempFolder('transfer') });
  try {
    await other.stop();
    const transfer = () => strapiCommand(other, 'transfer', '--force', '--from', `${stage.strapi.url}/admin`, '--from-token', body.data.accessKey, '--exclude', 'config');
    tearLarge();
    const { pid } = stage.strapi;
    const failed = await transfer();
    expect([failed.code, failed.output]).toEqual([1, expect.stringContaining(`1 file cannot be read now: "${large}"`)]);
    stage.proxy.heal();
    expect([(await stage.strapi.read(small)).status, stage.strapi.pid]).toEqual([200, pid]);

    const whole = await transfer();
    expect([whole.code, whole.output]).toEqual([0, expect.anything()]);
    await other.restart();
    for (const url of [small, `/uploads/${large}`]) {
      const [here, there] = [await stage.strapi.read(url), await other.read(url)];
      expect([url, there.status, sha256(there.bytes)]).toEqual([url, 200, sha256(here.bytes)]);
    }
  } finally {
    await other.discard();
  }
}, 300_000);

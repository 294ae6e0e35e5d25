import { readdir } from 'node:fs/promises';
import type { RunEntry } from '../../server/src/contracts/jobs';
import { keysOf } from '../support/admin-client';
import { typed as typeOn, type TypeOptions } from '../support/command-line';
import type { SeenRequest } from '../support/fault-proxy';
import { sha256, textFile } from '../support/images';
import { makeLibrary } from '../support/library';
import { observeDatabase } from '../support/observe-ledger';
import { which } from '../support/process';
import { MARKER } from '../support/raw-s3';
import { openStage, type Stage } from '../support/stage';

/** The jobs as somebody types them, on a library that was there before the plugin was configured. */
let stage: Stage;
/** The SHA-256 of each key's bytes. */
let images: Map<string, string>;
const notes = new Map<string, string>();
/** The largest id of an image; notes have larger ones. */
let lastImage: number;

const NOTES = 40;
const MEMOS = 60;
const CONCURRENCY = 4;
const COMMAND_MS = 120_000;
const SWEEP_MS = 60_000;

beforeAll(async () => {
  stage = await openStage();
  const library = await makeLibrary(stage.strapi, 4);
  images = library.sums;
  lastImage = Math.max(...library.files.map(({ id }) => id));
  const texts = Array.from({ length: NOTES }, (_, index) => textFile(`note-${index}.txt`, `the note number ${index}`));
  const files = await stage.strapi.upload(texts);
  for (const file of files) {
    const text = texts.find(({ name }) => name === file.name);
    notes.set(keysOf(file)[0] ?? '', sha256(text?.bytes ?? Buffer.alloc(0)));
  }
  await stage.configure();
}, 300_000);

afterAll(() => stage?.close(), 60_000);

const typed = (line: string, options?: TypeOptions) => typeOn(stage.strapi, line, options);

interface Row {
  object_key: string;
  object_name: string | null;
  state: string;
}

/** The ledger's rows, read with SQL; `pending` is the number of names under which bytes may still arrive. */
async function ledger(): Promise<{ rows: Map<string, Row>; pending: number }> {
  const connection = observeDatabase(stage.strapi);
  try {
    const rows: Row[] = await connection('s3_storage_objects').select('object_key', 'object_name', 'state');
    const pending = (await connection('s3_storage_names').where('status', 'pending')) as unknown[];
    return { rows: new Map(rows.map((row) => [row.object_key, row])), pending: pending.length };
  } finally {
    await connection.destroy();
  }
}

const keysIn = async (state: string) => [...(await ledger()).rows.values()].filter((row) => row.state === state).map((row) => row.object_key).sort();
/** Files of the library, at plain paths and in the plugin's own folder. */
const onDisk = async () => {
  const entries = await readdir(stage.strapi.uploadsDir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && !['.gitkeep', 'volume', 'volume.mark'].includes(entry.name)).map(({ name }) => name).sort();
};
const all = () => [...images.keys(), ...notes.keys()].sort();

/** Expects each file in the bucket under the name that the ledger says, with its bytes, and nothing else there. */
async function expectInBucket(sums: ReadonlyMap<string, string>): Promise<void> {
  const { rows } = await ledger();
  const names = [...sums.keys()].map((key) => rows.get(key)?.object_name ?? `no row of ${key}`);
  expect(await stage.bucket.keys()).toEqual([...names].sort());
  for (const [key, sum] of sums) expect([key, sha256(await stage.bucket.get(rows.get(key)?.object_name ?? ''))]).toEqual([key, sum]);
}

test('a dry run says how many files an upload would send, and sends nothing', async () => {
  const { code, stdout } = await typed(`upload --dry-run --max-id ${lastImage}`);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(new RegExp(`^A dry run, nothing was changed\\. Would be uploaded: ${images.size} files, [\\d.]+ [kM]B\\.`)) });
  expect(await stage.bucket.keys()).toEqual([]);
}, COMMAND_MS);

test('upload sends the files that the library held before the plugin, shows its progress, and sums up', async () => {
  const { code, stdout, stderr } = await typed(`upload --max-id ${lastImage}`);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(new RegExp(`^The upload is complete: ${images.size} files, [\\d.]+ [kM]B uploaded in .* s.*\\.\n$`)) });
  expect(stderr).toContain('upload: looking through the library, 0 files\n');
  await expectInBucket(images);
  expect(await keysIn('both')).toEqual([...images.keys()].sort());
  expect(await onDisk()).toEqual(all());
}, COMMAND_MS);

test('an interrupted upload finishes the files in hand; the next one sends the rest, and none twice', async () => {
  const before = (await stage.bucket.keys()).length;
  const puts: string[] = [];
  let interrupt: () => void = () => undefined;
  const unwatch = stage.proxy.watch(({ method, path }) => {
    const name = decodeURIComponent(path.split('?')[0] ?? '').replace(`/${stage.bucket.bucket}/`, '');
    if (method !== 'PUT' || !name.startsWith('note_')) return;
    puts.push(name);
    if (puts.length === CONCURRENCY + 1) interrupt();
  });
  // uploads that are under way at the signal take a second more
  stage.proxy.on({ when: ({ method }) => method === 'PUT', fault: { kind: 'latency', ms: 1_000 } });

  const first = await typed(`upload --concurrency ${CONCURRENCY}`, { watch: (child) => (interrupt = () => void child.kill('SIGINT')) });
  stage.proxy.heal();
  const sent = puts.length;
  expect(sent).toBeGreaterThan(CONCURRENCY);
  expect(sent).toBeLessThan(NOTES);
  expect(first).toEqual({
    code: 130,
    stdout: expect.stringMatching(new RegExp(`^The upload was stopped: ${sent} files, `)),
    stderr: expect.stringContaining('Finishing what is in hand; once more ends at once.\n'),
  });
  expect((await stage.bucket.keys()).length).toBe(before + sent);
  expect(await keysIn('both')).toHaveLength(before + sent);
  expect((await ledger()).pending).toBe(0);

  const second = await typed('upload');
  unwatch();
  expect(second).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^The upload is complete: ${NOTES - sent} files, `)) });
  expect(puts).toHaveLength(NOTES);
  expect(new Set(puts).size).toBe(NOTES);
  await expectInBucket(new Map([...images, ...notes]));
  expect(await keysIn('both')).toEqual(all());
  expect((await ledger()).pending).toBe(0);
}, 2 * COMMAND_MS);

/** Expects that nothing is left on the disk, not even in the plugin's own folder, and that S3 has everything. */
async function expectFreed(): Promise<void> {
  expect(await keysIn('remote')).toEqual(all());
  await stage.eventually('the files leave the disk', async () => (await onDisk()).length === 0, SWEEP_MS);
  await expectInBucket(new Map([...images, ...notes]));
}

const QUESTION = /This removes from this disk the files that are proven to be in S3 \(at most \d+ files, .*\)\./;

test('cleanup without --yes changes nothing where nobody can be asked', async () => {
  const { code, stdout, stderr } = await typed('cleanup --json');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(QUESTION);
  expect(stderr).toContain('Nobody is there to be asked: say --yes.\n');
  expect(await onDisk()).toEqual(all());
  expect(await keysIn('both')).toEqual(all());
}, COMMAND_MS);

/** `script` is part of util-linux. */
const TERMINAL = which('script') ? test : test.skip;

/** Types an answer when the command asks. */
const answering = (answer: string): TypeOptions => {
  let asked = false;
  const watch: TypeOptions['watch'] = (child, shown) => {
    if (asked || !shown.includes('Type yes to go on: ')) return;
    asked = true;
    child.stdin?.write(`${answer}\r`);
  };
  return { terminal: true, watch };
};

TERMINAL('cleanup asks on a terminal, and changes something only after “yes”', async () => {
  const no = await typed('cleanup', answering('no'));
  expect(no.stdout).toMatch(QUESTION);
  expect(no).toMatchObject({ code: 1, stdout: expect.stringContaining('Nothing was changed.') });
  expect(await onDisk()).toEqual(all());

  const yes = await typed('cleanup', answering('yes'));
  expect(yes).toMatchObject({ code: 0, stdout: expect.stringContaining(`The cleanup is complete: ${all().length} files, `) });
  await expectFreed();
}, 2 * COMMAND_MS);

test('cleanup --yes --json frees the disk and answers with its run; S3 keeps every file', async () => {
  expect(await typed('restore --yes')).toMatchObject({ code: 0, stdout: expect.stringContaining(`The restore is complete: ${all().length} files, `) });
  expect(await keysIn('both')).toEqual(all());
  const { code, stdout } = await typed('cleanup --yes --json');
  const { run } = JSON.parse(stdout) as { run: RunEntry };
  expect({ code, run }).toMatchObject({ code: 0, run: { job: 'cleanup', trigger: 'command', status: 'complete', done: all().length, failed: 0 } });
  await expectFreed();
}, 2 * COMMAND_MS);

test('a restore that is interrupted while S3 is silent stops, and changes nothing', async () => {
  const isRead = ({ method, path }: SeenRequest) => method === 'GET' && /^\/[^/]+\/[^?]/.test(path) && !path.includes(MARKER);
  stage.proxy.on({ when: isRead, fault: { kind: 'blackhole' } });
  let begun: () => void = () => undefined;
  const unwatch = stage.proxy.watch((request) => isRead(request) && begun());
  // the test sends one signal, because a second one would end the command without a word
  let interrupted = false;
  const watch: TypeOptions['watch'] = (child) => {
    begun = () => {
      if (!interrupted) child.kill('SIGINT');
      interrupted = true;
    };
  };
  const ended = await typed('restore --yes', { watch });
  unwatch();
  stage.proxy.heal();
  expect(ended).toMatchObject({ code: 130, stdout: expect.stringMatching(/^The restore was stopped: 0 files, /) });
  expect(await keysIn('remote')).toEqual(all());
  expect((await ledger()).pending).toBe(0);
}, COMMAND_MS);

const change = async (way: 'leave' | 'return') => expect(await stage.strapi.api('POST', `/s3-storage/settings/${way}`)).toMatchObject({ status: 200 });

test('“Stop using S3” in the panel ends an upload on the command line after the files in hand', async () => {
  // phase 1 has to upload the files that are written meanwhile
  await change('leave');
  await stage.strapi.upload(Array.from({ length: MEMOS }, (_, index) => textFile(`memo-${index}.txt`, `the memo number ${index}`)));
  await change('return');
  const before = (await stage.bucket.keys()).length;

  let sent = 0;
  let left: Promise<void> | undefined;
  stage.proxy.heal();
  stage.proxy.on({ when: ({ method }) => method === 'PUT', fault: { kind: 'latency', ms: 1_000 } });
  const unwatch = stage.proxy.watch(({ method, path }) => {
    if (method !== 'PUT' || !path.includes('/memo_')) return;
    sent += 1;
    if (sent === CONCURRENCY + 1) left = change('leave');
  });
  const ended = await typed(`upload --concurrency ${CONCURRENCY}`);
  await left;
  unwatch();
  stage.proxy.heal();

  expect(sent).toBeLessThan(MEMOS);
  expect(ended).toMatchObject({ code: 1, stdout: expect.stringMatching(new RegExp(`^The upload was stopped: ${sent} files, `)) });
  expect((await stage.bucket.keys()).length).toBe(before + sent);
  expect(await keysIn('both')).toHaveLength(sent);
  expect(await keysIn('local')).toHaveLength(MEMOS - sent);
  expect((await ledger()).pending).toBe(0);

  const again = await typed('upload');
  expect(again).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('The upload cannot begin.') });
}, 2 * COMMAND_MS);

test('an upload that waits for S3 goes on with an endpoint that is corrected in the panel', async () => {
  await change('return');
  const left = await keysIn('local');
  await stage.proxy.refuse();
  let mended: Promise<string> | undefined;
  const ended = await typed('upload', {
    watch(_child, _stdout, stderr) {
      // this endpoint leads to the same server around the broken proxy
      if (stderr.includes('waiting for S3')) mended ??= stage.configure({ endpoint: stage.s3.endpoint, secretAccessKey: stage.s3.secretAccessKey });
    },
  });
  expect(await mended).toBe('read-write');
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^The upload is complete: ${left.length} files, `)) });
  expect(await keysIn('local')).toEqual([]);
}, 2 * COMMAND_MS);

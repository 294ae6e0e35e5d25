import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

import { md5Of } from '../support/bodies';
import type { Listed, RawBucket } from '../support/raw-s3';
import type { Books, Row } from './ledger-rows';
import type { World } from './world';

const OWN = '.s3-storage';
const READERS = 8;

/**
 * Compares the ledger with the bucket and the disks, row by row. It uses SQL, an S3 client and the file system, and none of the
 * code under test.
 */
export class Audit {
  /** Objects whose bytes were read, by name. Nothing overwrites them, so later a listing is enough. */
  readonly #proven = new Map<string, string>();

  constructor(
    private readonly world: World,
    private readonly books: Books,
    private readonly bucket: RawBucket,
    /** Whether the server keeps the arrived part of a broken PUT as an object. The embedded one does, and real stores drop it. */
    private readonly keepsParts: boolean,
  ) {}

  /** Checks that every live name has the bytes of its row. @param afresh reads known bytes, too. @returns the number of live rows */
  async liveNames(afresh = false): Promise<number> {
    if (afresh) this.#proven.clear();
    const rows = (await this.books.rows()).filter(({ state }) => state !== 'new' && state !== 'gone');
    const objects = new Map((await this.bucket.list()).map((object) => [object.key, object]));
    const folders = await this.#volumes();
    const left = [...rows];
    const worker = async () => {
      for (let row = left.pop(); row; row = left.pop()) {
        const wrong = (await this.#wrongInS3(row, objects)) ?? (await wrongOnDisk(row, folders));
        if (wrong && !(await this.#hasMoved(row))) this.world.violated(wrong, row.object_key);
      }
    };
    await Promise.all(Array.from({ length: READERS }, worker));
    return rows.length;
  }

  /** Checks that every object and every file is live or recorded. Callers wait until all late requests have taken effect. */
  async leftovers(): Promise<void> {
    // objects and files are read first: a name that was recorded before its bytes came stays recorded for a day
    const objects = await this.bucket.list();
    const folders = await this.#volumes();
    const files = new Map(await Promise.all([...folders].map(async ([id, folder]) => [id, await filesIn(folder)] as const)));
    const [rows, names] = [await this.books.rows(), await this.books.names()];
    const known = new Set([
      ...rows.flatMap(({ object_name, volume, local_name }) => [`s3:${object_name}`, `${volume}:${local_name}`]),
      ...names.map(({ kind, name, volume }) => (kind === 'object' ? `s3:${name}` : `${volume}:${name}`)),
    ]);
    const whole = new Set(rows.map(({ md5 }) => md5));
    for (const { key, size, etag } of objects) {
      if (path.posix.basename(key).startsWith(OWN) || known.has(`s3:${key}`)) continue;
      if (this.keepsParts && !whole.has(etag)) {
        this.world.count('part of a broken PUT kept by the embedded S3 server');
        continue;
      }
      this.world.violated(`the object "${key}" of ${size} bytes is neither live nor recorded`, key);
    }
    for (const [id, found] of files) {
      for (const file of found) if (!known.has(`${id}:${file}`)) this.world.violated(`the file "${file}" of volume ${id} is neither live nor recorded`, file);
    }
  }

  /** Checks that an image and its formats stem from one replace and have one ticket. */
  async tickets(): Promise<void> {
    const rows = new Map((await this.books.rows()).map((row) => [row.object_key, row]));
    for (const { key, formatKeys, model, marks } of this.world.files) {
      const own = rows.get(key);
      if (model.isGone || marks.length < 2 || !own || own.md5 === marks[0]?.md5) continue;
      const others = formatKeys.filter((format) => rows.get(format)?.ticket !== own.ticket);
      if (others.length > 0) this.world.violated(`tickets differ from the file's ${own.ticket}: ${others.map((other) => `${other} ${rows.get(other)?.ticket}`).join(', ')}`, key);
    }
  }

  /** All that is known of a key, for somebody who looks for the cause. */
  async facts(key: string): Promise<string> {
    const file = this.world.files.find((tracked) => tracked.key === key || tracked.formatKeys.includes(key));
    const keys = file ? [file.key, ...file.formatKeys] : [key];
    const rows = await this.books.rows(keys);
    const folders = await this.#volumes();
    const places = await Promise.all(
      rows.map(async (row) => ({
        key: row.object_key,
        s3: row.object_name && (await this.bucket.head(row.object_name)),
        disk: row.local_name && (await stat(localPath(row, folders)).then(({ size }) => `${size} bytes`, () => 'no such file')),
      })),
    );
    const facts = { file: file && { ...file, writes: file.model.writes }, rows, names: await this.books.names(keys), places };
    return Object.entries(facts).map(([what, fact]) => `  ${what}: ${JSON.stringify(fact)}`).join('\n');
  }

  async #wrongInS3(row: Row, objects: ReadonlyMap<string, Listed>): Promise<string | null> {
    if (row.state !== 'remote' && row.state !== 'both') return null;
    const name = row.object_name ?? '';
    const object = objects.get(name);
    if (!object) return `the ledger says ${row.state}, and the object "${name}" is not in the bucket`;
    if (object.size !== row.size) return `the object "${name}" has ${object.size} bytes instead of ${row.size}`;
    const proof = `${object.etag} ${row.md5}`;
    if (this.#proven.get(name) === proof) return null;
    const md5 = await this.bucket.get(name).then(md5Of, (error: unknown) => String(error));
    if (md5 !== row.md5) return `the object "${name}" has the MD5 ${md5} instead of ${row.md5}`;
    this.#proven.set(name, proof);
    return null;
  }

  /** The volume id and the uploads folder of each replica. */
  async #volumes(): Promise<Map<string, string>> {
    const folders = this.world.replicas.map(({ strapi }) => strapi.uploadsDir);
    return new Map(await Promise.all(folders.map(async (folder) => [(await readFile(path.join(folder, OWN, 'volume'), 'utf8')).trim(), folder] as const)));
  }

  /** Whether a job has changed the row since it was read. */
  async #hasMoved(row: Row): Promise<boolean> {
    const [again] = await this.books.rows([row.object_key]);
    return again?.rev !== row.rev;
  }
}

function localPath(row: Row, folders: ReadonlyMap<string, string>): string {
  return path.join(folders.get(row.volume ?? '') ?? '/nowhere', row.local_name ?? '');
}

async function wrongOnDisk(row: Row, folders: ReadonlyMap<string, string>): Promise<string | null> {
  if (row.state !== 'local' && row.state !== 'both') return null;
  const hash = createHash('md5');
  try {
    await pipeline(createReadStream(localPath(row, folders)), hash);
  } catch (error) {
    return `the ledger says ${row.state}, and the file "${row.local_name}" cannot be read: ${String(error)}`;
  }
  const md5 = hash.digest('hex');
  return md5 === row.md5 ? null : `the file "${row.local_name}" has the MD5 ${md5} instead of ${row.md5}`;
}

/** The library's files relative to the uploads folder, without the volume's id and temporary files. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  return files.filter((file) => file !== '.gitkeep' && !file.startsWith(`${OWN}/volume`) && !file.startsWith(`${OWN}/tmp/`));
}

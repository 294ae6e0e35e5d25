import { keysOf, urlsOf, type AdminClient, type UploadedFile } from './admin-client';
import { image, sha256, textFile } from './images';
import type { Library } from './library';

type Read = AdminClient['read'];

/** Editors leave the first 20 files of the library alone, for tests of files that nobody touches. */
const UNTOUCHED = 20;
/** Each editor has every seventh of the other files. */
const PARTS = 7;

/** Editors of a library. Once Strapi has acknowledged a change, every visitor must get the changed bytes. */
export function editorsOf(strapi: AdminClient, library: Library) {
  /** The SHA-256 of what a visitor must get for each key. */
  const expected = new Map(library.sums);
  /** Keys that editors deleted. */
  const deleted = new Set<string>();

  /** The SHA-256 of the bytes that nobody must get any more, for each key. */
  const stale = new Map<string, string>();

  /** Expects from now on the bytes that are read now. Strapi compresses images again, so nobody knows the bytes beforehand. */
  async function note(file: UploadedFile): Promise<void> {
    for (const url of urlsOf(file)) {
      const key = url.replace('/uploads/', '');
      const { status, bytes } = await strapi.read(url);
      const sum = sha256(bytes);
      if (status !== 200 || sum === stale.get(key)) throw new Error(`${key} was written, and reading it answers ${status === 200 ? 'the old bytes' : status}`);
      expected.set(key, sum);
    }
  }

  /** Expects nothing of these keys: while a change is under way, the old and the new bytes are both right. */
  function forget(file: UploadedFile): void {
    for (const key of keysOf(file)) {
      const sum = expected.get(key);
      if (sum) stale.set(key, sum);
      expected.delete(key);
    }
  }
  const gone = (file: UploadedFile) => keysOf(file).forEach((key) => deleted.add(key));

  async function remove(file: UploadedFile): Promise<void> {
    forget(file);
    await strapi.remove(file.id);
    gone(file);
  }

  async function replaceImage(file: UploadedFile): Promise<void> {
    forget(file);
    await note(await strapi.replace(file.id, await image(file.name, file.ext === '.png' ? 'png' : 'jpeg', 300, 210)));
  }

  async function writeText(name: string, text: string): Promise<void> {
    const [file] = (await strapi.upload(textFile(name, text))) as [UploadedFile];
    expected.set(file.hash + file.ext, sha256(Buffer.from(text)));
    const replaced = await strapi.replace(file.id, textFile(name, `${text}, replaced`));
    expected.set(replaced.hash + replaced.ext, sha256(Buffer.from(`${text}, replaced`)));
  }

  return {
    expected,
    deleted,
    note,
    forget,
    gone,
    remove,
    replaceImage,
    /** Whether nobody has changed this key. */
    untouched: (key: string) => expected.has(key) && expected.get(key) === library.sums.get(key),
    /** The library's files that one editor may change, the last first. */
    ownOf: (part: number) => library.files.filter((_, index) => index >= UNTOUCHED && index % PARTS === part),

    /** Starts an editor, who uploads, replaces and deletes until told to stop, also in a part of the library's own files. */
    start(part: number) {
      let on = true;
      const victims = this.ownOf(part);
      const work = async () => {
        for (let round = 0; on; round++) {
          await writeText(`edit-${round}.txt`, `round ${round} of ${part} ${Math.random()}`);
          const victim = victims.pop();
          if (victim) await (round % 2 === 0 ? remove(victim) : replaceImage(victim));
        }
      };
      const done = work();
      // `stop` reports the error
      done.catch(() => undefined);
      return {
        stop: async () => {
          on = false;
          await done;
        },
      };
    },

    /** Reads every key as a visitor does. @returns the keys that answered something else, each with its answer */
    async wrongForVisitors(read: Read = (url, headers) => strapi.read(url, headers)): Promise<string[]> {
      const wrong: string[] = [];
      const answer = async (key: string) => {
        const { status, bytes } = await read(`/uploads/${encodeURIComponent(key)}`);
        return status === 200 ? sha256(bytes) : `status ${status}`;
      };
      const keys = [...expected, ...[...deleted].map((key) => [key, 'status 404'] as const)];
      const visitor = async () => {
        for (let next = keys.pop(); next; next = keys.pop()) {
          const [key, sum] = next;
          const got = await answer(key);
          if (got !== sum) wrong.push(`${key}: ${got} instead of ${sum}`);
        }
      };
      await Promise.all(Array.from({ length: 6 }, visitor));
      return wrong;
    },
  };
}

export type Editors = ReturnType<typeof editorsOf>;

import { keysOf, urlsOf, type AdminClient, type UploadedFile } from './admin-client';
import { image, sha256, textFile } from './images';
import type { Library } from './library';

type Read = AdminClient['read'];

/** The library's first files are left to those who want to know what becomes of a file that nobody touches. */
const UNTOUCHED = 20;
/** Of its others each editor has every so-manieth. */
const PARTS = 7;

/**
 * Editors of a library: what they have changed, once Strapi has answered them, is what every visitor must get.
 */
export function editorsOf(strapi: AdminClient, library: Library) {
  /** The SHA-256 of what a visitor must get for each key. */
  const expected = new Map(library.sums);
  /** Keys that editors deleted. */
  const deleted = new Set<string>();

  /** What nobody must get any more. */
  const stale = new Map<string, string>();

  /** Takes what is read now for what must be read from now on: Strapi compresses images again, so nobody else knows. */
  async function note(file: UploadedFile): Promise<void> {
    for (const url of urlsOf(file)) {
      const key = url.replace('/uploads/', '');
      const { status, bytes } = await strapi.read(url);
      const sum = sha256(bytes);
      if (status !== 200 || sum === stale.get(key)) throw new Error(`${key} was written, and reading it answers ${status === 200 ? 'the old bytes' : status}`);
      expected.set(key, sum);
    }
  }

  /** For as long as a change is under way, both are right. */
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

    /** An editor at work until told to stop: uploads, replaces and deletes, of a part of the library's own files too. */
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
      // it is told when the editor is stopped
      done.catch(() => undefined);
      return {
        stop: async () => {
          on = false;
          await done;
        },
      };
    },

    /** Reads every key as a visitor does. @returns those that answered something else, and what */
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

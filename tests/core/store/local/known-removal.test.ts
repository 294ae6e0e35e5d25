import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeKnown, type KnownFile } from '../../../../server/src/core/store/local/known-removal';

const OLD = 'what was replaced';
const FOREIGN = 'of somebody else!';
const HOUR = 3600_000;

let root: string;
let file: string;
let aside: string;
beforeEach(async () => {
  root = await fs.mkdtemp(path.join(tmpdir(), 'known-removal-'));
  file = path.join(root, 'photo.jpg');
  aside = path.join(root, '.s3-storage/aside');
  await fs.writeFile(file, OLD);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await fs.rm(root, { recursive: true, force: true });
});

const known = (patch: Partial<KnownFile> = {}): KnownFile => ({
  id: 7,
  size: OLD.length,
  md5: createHash('md5').update(OLD).digest('hex'),
  before: 0,
  stillDue: async () => true,
  ...patch,
});
/** A library file that was never read and has no MD5. */
const unread = (patch: Partial<KnownFile> = {}) => known({ md5: null, before: Date.now() + HOUR, ...patch });
const remove = (what = known()) => removeKnown(file, aside, what);
const text = (at = file) => fs.readFile(at, 'utf8').catch(() => null);
const lying = async () => {
  const names = await fs.readdir(aside).catch(() => []);
  return Promise.all(names.map((name) => text(path.join(aside, name))));
};

type Step = 'rename' | 'unlink' | 'link' | 'mkdir';
/** Ends the "process" at the `nth` call of a file system operation, before the call takes effect or right after. */
function crash(step: Step, when: 'before' | 'after', nth = 1): void {
  const real = fs[step] as (...args: unknown[]) => Promise<unknown>;
  let calls = 0;
  jest.spyOn(fs, step as 'unlink').mockImplementation(async (...args: unknown[]) => {
    if (++calls < nth) return void (await real(...args));
    if (when === 'after') await real(...args);
    throw new Error('crash');
  });
}
/** Lets somebody else act right before an operation. */
function meanwhile(step: Step, act: () => Promise<unknown>): void {
  const real = fs[step] as (...args: unknown[]) => Promise<unknown>;
  jest.spyOn(fs, step as 'unlink').mockImplementationOnce(async (...args: unknown[]) => {
    await act();
    await real(...args);
  });
}
/** Writes a file beside the other one and renames it over that, as rsync and most editors do. */
const putInPlace = async (content: string) => {
  await fs.writeFile(`${file}.new`, content);
  await fs.rename(`${file}.new`, file);
};

describe('a file that is still the condemned one', () => {
  test.each([
    ['by its MD5', known],
    ['by its size and age', unread],
    ['by its age alone', () => unread({ size: null })],
  ])('is removed when it is recognised %s', async (_, what) => {
    expect(await remove(what())).toBe('removed');
    expect([await text(), await lying()]).toEqual([null, []]);
    expect(await remove(what())).toBe('removed');
  });

  const crashes: [Step, 'before' | 'after'][] = [['mkdir', 'before'], ['rename', 'before'], ['rename', 'after'], ['unlink', 'before'], ['unlink', 'after']];
  test.each(crashes.flatMap(([step, when]) => [[step, when, 'hashed', known], [step, when, 'unread', unread]] as const))(
    'is removed in the next run after a crash at %s, %s the call took effect (%s file)',
    async (step, when, _, what) => {
      crash(step, when);
      await expect(remove(what())).rejects.toThrow('crash');
      jest.restoreAllMocks();
      expect([await text(), ...(await lying())].filter((found) => found !== null).length).toBe(step === 'unlink' && when === 'after' ? 0 : 1);
      expect(await remove(what())).toBe('removed');
      expect([await text(), await lying()]).toEqual([null, []]);
    },
  );
});

describe('another file at the condemned path', () => {
  test.each([
    ['other bytes of the same size', known, FOREIGN],
    ['another size', unread, 'longer than what was replaced'],
    ['the same size, and is younger than the condemnation', () => unread({ before: Date.now() - HOUR }), FOREIGN],
  ])('is left in its place and never moved when it has %s', async (_, what, content) => {
    await putInPlace(content);
    const rename = jest.spyOn(fs, 'rename');
    expect(await remove(what())).toBe('left');
    expect(await text()).toBe(content);
    expect(rename).not.toHaveBeenCalled();
  });

  test('is left when it is a link or a folder', async () => {
    await fs.rename(file, path.join(root, 'elsewhere'));
    await fs.symlink(path.join(root, 'elsewhere'), file);
    expect(await remove()).toBe('left');
    await fs.unlink(file);
    await fs.mkdir(file);
    expect(await remove(unread({ size: null }))).toBe('left');
    expect(await text(path.join(root, 'elsewhere'))).toBe(OLD);
  });

  test.each([
    ['takes the place of the condemned one', () => putInPlace(FOREIGN)],
    ['is written over the condemned one', () => fs.writeFile(file, FOREIGN)],
  ])('is put back when it %s after the look and before the move', async (_, write) => {
    meanwhile('rename', write);
    expect(await remove()).toBe('left');
    expect([await text(), await lying()]).toEqual([FOREIGN, []]);
  });

  test('is kept aside when a third file takes the path before it is put back, and neither is lost', async () => {
    meanwhile('rename', () => putInPlace(FOREIGN));
    meanwhile('link', () => fs.writeFile(file, 'a third'));
    expect(await remove()).toBe('aside');
    expect([await text(), await lying()]).toEqual(['a third', [FOREIGN]]);
    expect(await remove()).toBe('aside');
    await fs.unlink(file);
    expect(await remove()).toBe('left');
    expect([await text(), await lying()]).toEqual([FOREIGN, []]);
  });

  const crashes: [Step, 'before' | 'after'][] = [['rename', 'after'], ['link', 'before'], ['link', 'after'], ['unlink', 'before'], ['unlink', 'after']];
  test.each(crashes)('is put back in the next run after a crash at %s, %s the call took effect', async (step, when) => {
    if (step === 'rename') {
      const real = fs.rename;
      jest.spyOn(fs, 'rename').mockImplementationOnce(async (from, to) => {
        await fs.writeFile(file, FOREIGN);
        await real(from, to);
        throw new Error('crash');
      });
    } else {
      meanwhile('rename', () => fs.writeFile(file, FOREIGN));
      crash(step, when);
    }
    await expect(remove()).rejects.toThrow('crash');
    jest.restoreAllMocks();
    expect([await text(), ...(await lying())]).toContain(FOREIGN);
    expect(await remove()).toBe('left');
    expect([await text(), await lying()]).toEqual([FOREIGN, []]);
  });

  test('stays when it came after a crash, and the condemned file that was moved aside is removed', async () => {
    crash('rename', 'after');
    await expect(remove()).rejects.toThrow('crash');
    jest.restoreAllMocks();
    await fs.writeFile(file, FOREIGN);
    expect(await remove()).toBe('left');
    expect([await text(), await lying()]).toEqual([FOREIGN, []]);
  });

  test('is not touched when another removal has moved it aside', async () => {
    crash('rename', 'after');
    await expect(remove(known({ id: 77 }))).rejects.toThrow('crash');
    jest.restoreAllMocks();
    expect(await remove(known({ id: 7 }))).toBe('removed');
    expect(await lying()).toEqual([OLD]);
  });
});

describe('a path that is used again after its removal has ended', () => {
  const lines = () => Promise.all([text(), lying()]);

  test('keeps its file, even the very same one, when another process ended the removal while this one stood still', async () => {
    let due = true;
    // the other process ends the removal, and then the file gets its path back, with the same bytes and the same inode
    const own = path.join(root, 'own');
    await fs.link(file, own);
    meanwhile('rename', async () => {
      await fs.unlink(file);
      due = false;
      await fs.link(own, file);
    });
    expect(await remove(known({ stillDue: async () => due }))).toBe('left');
    expect(await lines()).toEqual([OLD, []]);
  });

  test('keeps its file in place when a second removal begins after the first has ended', async () => {
    let due = true;
    const stillDue = async () => due;
    expect(await remove(known({ stillDue }))).toBe('removed');
    due = false;
    await fs.writeFile(file, OLD);
    const rename = jest.spyOn(fs, 'rename');
    expect(await remove(known({ stillDue }))).toBe('removed');
    expect(await lines()).toEqual([OLD, []]);
    // the file was not away even for a moment
    expect(rename).not.toHaveBeenCalled();
  });

  test('gets no file back from the slower of two processes after the faster one has ended the removal', async () => {
    let due = true;
    let ended = (): void => undefined;
    const over = new Promise<void>((resolve) => (ended = resolve));
    let moved = (): void => undefined;
    const aside = new Promise<void>((resolve) => (moved = resolve));
    let slow: Promise<unknown> = Promise.resolve();
    const holds = known({
      stillDue: async () => {
        // at the second question the file is aside
        if ((await lying()).length === 0) return true;
        moved();
        await over;
        return due;
      },
    });
    let questions = 0;
    const stillDue = async () => {
      // this process has looked for files aside, and not yet at the path
      if (++questions === 1) {
        slow = remove(holds);
        await aside;
      }
      return due;
    };
    expect(await remove(known({ stillDue }))).toBe('removed');
    due = false;
    ended();
    await slow;
    expect([await text(), await lying()]).toEqual([null, []]);
  });

  test('keeps its file when the database cannot say whether the removal is still due', async () => {
    const answers = [true];
    const stillDue = async () => answers.pop() ?? Promise.reject(new Error('no database'));
    await expect(remove(known({ stillDue }))).rejects.toThrow('no database');
    expect(await lines()).toEqual([OLD, []]);
    expect(await remove()).toBe('removed');
  });

  test('leaves nothing aside that a crashed process moved there meanwhile', async () => {
    meanwhile('rename', async () => {
      jest.restoreAllMocks();
      crash('rename', 'after');
      await expect(remove()).rejects.toThrow('crash');
      jest.restoreAllMocks();
    });
    expect(await remove()).toBe('removed');
    expect(await lines()).toEqual([null, []]);
  });
});

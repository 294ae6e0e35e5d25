import { Stats } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import type { Context } from 'koa';

/**
 * The options in `upload.providerOptions.localServer`, read as `koa-static` 5 and `koa-send` 5 read them, to which Strapi passes them.
 * `root` and `defer` are Strapi's own. `hidden` matters only where Strapi's route answers itself, because no key begins with a dot.
 */
export interface StaticOptions {
  /** The header that the project's options ask for, unless other code has set one before; undefined if they do not. */
  cacheControl: string | undefined;
  setHeaders: ((res: ServerResponse, path: string, stats: Stats) => void) | undefined;
  /** The file that answers for a folder; undefined if none does. */
  index: string | undefined;
  /** A folder also answers without a slash at its end. */
  format: boolean;
  /** Extensions, with their leading dot, that are tried in this order for a name without a dot. */
  extensions: readonly string[];
  /** Encodings and their extensions. A precompressed neighbour (`<file>.br`) is served instead of the file. */
  precompressed: readonly (readonly [encoding: string, extension: string])[];
}

/** Reads the options. @param config `upload.providerOptions.localServer`, unchecked as Strapi leaves it */
export function staticOptions(config: unknown): StaticOptions {
  const options = (typeof config === 'object' && config !== null ? config : {}) as Record<string, unknown>;
  const maxage = Number(options['maxage'] || options['maxAge'] || 0);
  const { index, setHeaders, extensions } = options;
  return {
    // rounded as in koa-send: a value that is not a number means 0
    cacheControl: maxage || options['immutable'] ? `max-age=${(maxage / 1000) | 0}${options['immutable'] ? ',immutable' : ''}` : undefined,
    setHeaders: typeof setHeaders === 'function' ? (setHeaders as StaticOptions['setHeaders']) : undefined,
    index: index === false ? undefined : typeof index === 'string' && index ? index : 'index.html',
    format: options['format'] !== false,
    extensions: Array.isArray(extensions) ? extensions.filter((extension) => typeof extension === 'string').map((extension) => (extension.startsWith('.') ? extension : `.${extension}`)) : [],
    precompressed: ([['br', '.br'], ['gzip', '.gz']] as const).filter(([encoding]) => options[encoding === 'br' ? 'brotli' : 'gzip'] !== false),
  };
}

/**
 * Yields the names of the files for which Strapi's route would look, in its order.
 * @param below the path below `/uploads/`
 * @param uploads the uploads folder
 */
export async function* namesOf(below: string, options: StaticOptions, uploads: string): AsyncGenerator<string> {
  const { index, format } = options;
  yield* plainNamesOf(below, options);
  if (!isFolderPath(below) && format && index !== undefined && (await isFolder(path.join(uploads, below)))) yield `${below}/${index}`;
}

/** Returns these names without the last one, which only a look at the disk can tell. */
export function plainNamesOf(below: string, { index, extensions }: StaticOptions): string[] {
  if (isFolderPath(below)) return index === undefined ? [] : [below + index];
  if (path.posix.basename(below).includes('.')) return [below];
  return [...extensions.map((extension) => below + extension), below];
}

function isFolderPath(below: string): boolean {
  return below === '' || below.endsWith('/');
}

/** Whether Strapi's route would serve a precompressed neighbour instead of this file. */
export async function hasPrecompressed(ctx: Context, file: string, { precompressed }: StaticOptions): Promise<boolean> {
  for (const [encoding, extension] of precompressed) {
    if (ctx.acceptsEncodings(encoding, 'identity') === encoding && (await access(file + extension).then(() => true, () => false))) return true;
  }
  return false;
}

/**
 * Makes the `Stats` that `setHeaders` receives for a file whose bytes need not be on this disk: those of a plain file of this size.
 * @param size bytes
 * @param modifiedMs time of the last change (ms since the epoch). Where it is unknown, the present time stands for it, which is the latest
 * possible.
 */
export function statsOf(size: number, modifiedMs: number = Date.now()): Stats {
  const time = new Date(modifiedMs);
  return Object.assign(Object.create(Stats.prototype) as Stats, {
    ...{ dev: 0, ino: 0, mode: 0o100644, nlink: 1, uid: 0, gid: 0, rdev: 0 },
    ...{ size, blksize: 4096, blocks: Math.ceil(size / 512) },
    ...{ atimeMs: modifiedMs, mtimeMs: modifiedMs, ctimeMs: modifiedMs, birthtimeMs: modifiedMs },
    ...{ atime: time, mtime: time, ctime: time, birthtime: time },
  });
}

async function isFolder(file: string): Promise<boolean> {
  return stat(file).then((found) => found.isDirectory(), () => false);
}

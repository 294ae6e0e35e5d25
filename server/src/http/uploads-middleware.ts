import path from 'node:path';
import { Readable } from 'node:stream';
import type { Context } from 'koa';
import type { MediaReader } from '../core/media/media-reader';
import { PLAIN_DELIVERY, type DeliverySettings } from '../core/media/delivery-settings';
import { discard, type FileFacts, type Wanted } from '../core/media/serving';
import type { ObjectKey } from '../core/keys';
import { activityOf, typeOf } from './active-content';
import { cacheControlOf, isSentAway, linkType } from './delivery';
import { answerFile, answerLink, answerMissing, answerUnavailable, answerVanished, dispositionOf, type Answer, type OpenedFile } from './uploads-answers';
import { decide, validatorsOf } from './uploads-conditions';
import { isInOwnFolder, keyOrUndefined, pathBelowUploads } from './uploads-path';
import { hasPrecompressed, namesOf, plainNamesOf, type StaticOptions } from './uploads-static';

export type Handler = (ctx: Context, next: () => Promise<unknown>) => Promise<unknown>;

export interface UploadsOptions {
  /** The folder from which Strapi's own route serves. */
  publicFolder: string;
  statics: StaticOptions;
  /** Returns the settings in force. Default: {@link PLAIN_DELIVERY}. */
  delivery?: () => DeliverySettings;
  /** Returns the origin to which visitors are sent for files; undefined if they are sent nowhere. */
  linkOrigin?: () => Promise<string | undefined>;
  /** Returns the name under which an editor uploaded the file; undefined if the library does not list it. */
  originalName?: (key: ObjectKey) => Promise<string | undefined>;
  /** False: only whole files, from which an outer middleware may cut ranges. Default true. */
  ranges?: boolean;
  /** Returns the reader, or undefined while the plugin has nothing to do with this library. A failure is answered with 503. */
  reader: () => MediaReader | undefined | Promise<MediaReader | undefined>;
  /** Time after which a client that takes no further byte loses its connection, in milliseconds. Default: {@link STALLED_MS}. */
  stalledMs?: number;
  /** Receives the failure behind a 503, for example that the database does not answer. */
  onFailure: (error: unknown) => void;
}

/**
 * Default of {@link UploadsOptions.stalledMs}: a browser whose video stands still asks for the rest again. Meanwhile each such client would
 * hold a connection to S3.
 */
const STALLED_MS = 3 * 60_000;

/**
 * Takes the place of Strapi's own handler of `/uploads/<key>`, and serves the bytes from where the ledger says they are. Like that handler
 * (`koa-static` with `defer`) it first runs the middlewares after it, and answers only a request that nobody has answered: the guards of
 * the project keep their effect. The original handler answers for files that the plugin does not know.
 */
export function uploadsHandler(original: Handler, options: UploadsOptions): Handler {
  return async (ctx, next) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return original(ctx, next);
    const below = pathBelowUploads(ctx.path);
    if (below === undefined) return original(ctx, next);
    await next();
    if (isAnswered(ctx)) return;
    if (isInOwnFolder(below)) return answerMissing(ctx);
    const found = options.reader();
    if (!(found instanceof Promise) && isAnsweredAtOnce(ctx, below, found, options)) return;
    if (await isLeftToStrapi(ctx, below, found, options)) await original(ctx, () => Promise.resolve());
  };
}

/** Makes the same test as `koa-static`. A 404 that other code has set stays, and so does an answer that was sent past Koa. */
function isAnswered(ctx: Context): boolean {
  const { _explicitStatus: isSet } = ctx.response as { _explicitStatus?: boolean };
  return (ctx.body !== null && ctx.body !== undefined) || ctx.status !== 404 || isSet === true || ctx.headerSent || ctx.respond === false;
}

/**
 * Answers without waiting for anybody if everything is in memory. Visitors ask for the same small files again and again, and each wait costs
 * as much as all the rest of such an answer.
 */
function isAnsweredAtOnce(ctx: Context, below: string, media: MediaReader | undefined, options: UploadsOptions): boolean {
  const [name] = plainNamesOf(below, options.statics);
  const key = name === undefined || isDownload(ctx) ? undefined : keyOrUndefined(name);
  if (!media || key === undefined) return false;
  const planned = planFor(ctx, key, undefined, options);
  const opened = media.openAtOnce(key, planned.plan);
  if (!opened || !planned.answer) return false;
  answerFile(ctx, path.join(options.publicFolder, 'uploads', key), opened, planned.answer, options.statics);
  return true;
}

interface Planned {
  /** The answer to the facts that `plan` has seen last. */
  answer?: Answer;
  plan(facts: FileFacts): Wanted;
}

/** @param download the file name of a download; undefined where the visitor wants to see the file */
function planFor(ctx: Context, key: ObjectKey, download: string | undefined, { ranges = true, statics, delivery = () => PLAIN_DELIVERY }: UploadsOptions): Planned {
  const headers = ranges ? ctx.headers : { ...ctx.headers, range: undefined };
  const settings = delivery();
  const cacheControl = cacheControlOf(ctx, settings, statics);
  const planned: Planned = {
    plan(facts) {
      const validators = validatorsOf(facts, Date.now());
      const decision = decide(ctx.method, headers, facts, validators);
      planned.answer = { ...decision, validators, download, cacheControl, settings };
      const { wanted } = decision;
      if (wanted.bytes === 'none' || !isSentAway(ctx, key, facts, download !== undefined, settings)) return wanted;
      return { bytes: 'link', link: { contentType: linkType(ctx, key), contentDisposition: download === undefined ? undefined : dispositionOf(download, key) }, otherwise: wanted };
    },
  };
  return planned;
}

/** Answers the request, unless the plugin knows nothing of the path. @returns whether Strapi's handler has to answer */
async function isLeftToStrapi(ctx: Context, below: string, found: ReturnType<UploadsOptions['reader']>, options: UploadsOptions): Promise<boolean> {
  const client = new AbortController();
  const onClose = () => {
    if (!ctx.res.writableFinished) client.abort();
  };
  ctx.res.once('close', onClose);
  if (ctx.res.destroyed) client.abort();
  try {
    return await serve(ctx, below, found, options, client.signal);
  } catch (error) {
    // the client has gone, so nobody needs an answer
    if (client.signal.aborted) return false;
    if (!(error instanceof Unreachable)) throw error;
    options.onFailure(error.cause);
    answerUnavailable(ctx);
    return false;
  }
}

/** The reader, or a service that it asks, has failed. A failure of the project's own code is not of this class. */
class Unreachable extends Error {}

async function serve(ctx: Context, below: string, found: ReturnType<UploadsOptions['reader']>, options: UploadsOptions, signal: AbortSignal): Promise<boolean> {
  const { statics, publicFolder } = options;
  const unreachable = (cause: unknown) => {
    throw new Unreachable('unreachable', { cause });
  };
  // a plugin that could not start (its log says why) may know of newer bytes than those on the disk
  const media = await Promise.resolve(found).catch(unreachable);
  if (!media) return true;
  const uploads = path.join(publicFolder, 'uploads');
  let isGone = false;
  for await (const name of namesOf(below, statics, uploads)) {
    const key = keyOrUndefined(name);
    if (key === undefined) continue;
    const planned = planFor(ctx, key, isDownload(ctx) ? await downloadName(key, options) : undefined, options);
    const opened = await media.open(key, planned.plan, { signal }).catch(unreachable);
    if (opened.kind === 'unavailable') {
      if (!signal.aborted) answerUnavailable(ctx);
      return false;
    }
    if (opened.kind === 'file' && planned.answer) return fileOrNeighbour(ctx, path.join(uploads, key), opened, planned.answer, options, signal);
    if (opened.kind === 'link' && planned.answer) {
      answerLink(ctx, path.join(uploads, key), opened, planned.answer, statics);
      return false;
    }
    if (opened.kind === 'vanished') {
      answerVanished(ctx);
      return false;
    }
    isGone ||= opened.kind === 'gone';
  }
  if (isGone) answerMissing(ctx);
  else ignoreRange(ctx, options);
  return !isGone;
}

/**
 * Makes the request one for the whole file, which the standard allows. Strapi's handler, to which it is left, gets suffixes and ends wrong,
 * ignores If-Range, and answers 416 for files that are not there.
 */
function ignoreRange(ctx: Context, { ranges = true }: UploadsOptions): void {
  if (ranges) delete ctx.headers.range;
}

/** Whether the visitor wants to store the file: `?download`, with or without a value. */
function isDownload(ctx: Context): boolean {
  // Strapi's own parser takes its time, and most URLs have no query
  return ctx.querystring !== '' && ctx.query['download'] !== undefined;
}

/** Returns the name for a download: the editor's name for the file, or the key where nobody can tell it. */
async function downloadName(key: ObjectKey, { originalName, onFailure }: UploadsOptions): Promise<string> {
  try {
    return (await originalName?.(key)) ?? path.posix.basename(key);
  } catch (error) {
    onFailure(error);
    return path.posix.basename(key);
  }
}

/**
 * Answers with the file, or leaves it to Strapi: only Strapi's own route serves the precompressed neighbour that a file unknown to the
 * ledger may have. @returns whether Strapi's handler has to answer
 */
async function fileOrNeighbour(ctx: Context, file: string, opened: OpenedFile, answer: Answer, options: UploadsOptions, signal: AbortSignal): Promise<boolean> {
  const { statics, stalledMs = STALLED_MS } = options;
  // Koa leaves an unfinished answer open when its stream fails, but the client must see that it is incomplete
  if (opened.body instanceof Readable) {
    opened.body.once('error', () => ctx.res.destroy());
    ctx.res.setTimeout(stalledMs, () => ctx.res.destroy());
  }
  // Strapi's handler restrains nothing, and knows no downloads
  const mayBeLeft = answer.download === undefined && (answer.settings.allowActiveContent || !activityOf(typeOf(ctx, file)));
  const isLeft = mayBeLeft && opened.facts.isPlain === true && (await hasPrecompressed(ctx, file, statics));
  if (isLeft || signal.aborted) {
    discard(opened.body);
    ignoreRange(ctx, options);
    return isLeft && !signal.aborted;
  }
  answerFile(ctx, file, opened, answer, statics);
  return false;
}

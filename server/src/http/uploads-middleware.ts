import path from 'node:path';
import type { Context } from 'koa';
import type { MediaReader } from '../core/media/media-reader';
import type { FileFacts } from '../core/media/serving';
import { answerFile, answerMissing, answerUnavailable, type Answer, type OpenedFile } from './uploads-answers';
import { decide, validatorsOf } from './uploads-conditions';
import { isInOwnFolder, keyOrUndefined, pathBelowUploads } from './uploads-path';
import { hasPrecompressed, namesOf, type StaticOptions } from './uploads-static';

export type Handler = (ctx: Context, next: () => Promise<unknown>) => Promise<unknown>;

export interface UploadsOptions {
  /** The folder that Strapi's own route serves from. */
  publicFolder: string;
  statics: StaticOptions;
  /** False: whole files only, of which a middleware outside may cut ranges. Default true. */
  ranges?: boolean;
  /** What serves, or undefined while the plugin has nothing to do with this library. A failure is answered with 503. */
  reader: () => Promise<MediaReader | undefined>;
  /** Told of what the visitor was answered 503 for: the database does not answer, say. */
  onFailure: (error: unknown) => void;
}

/**
 * Takes the place of Strapi's own handler of `/uploads/<key>`, and serves from where the ledger says the bytes are. Like that handler
 * (`koa-static` with `defer`) it first asks whatever comes after it, and answers only what nobody has answered: guards of the project's
 * keep their say. The original handler answers what the plugin knows nothing of.
 */
export function uploadsHandler(original: Handler, options: UploadsOptions): Handler {
  return async (ctx, next) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return original(ctx, next);
    const below = pathBelowUploads(ctx.path);
    if (below === undefined) return original(ctx, next);
    await next();
    if (isAnswered(ctx)) return;
    if (isInOwnFolder(below)) return answerMissing(ctx);
    if (await isLeftToStrapi(ctx, below, options)) await original(ctx, () => Promise.resolve());
  };
}

/** The test of `koa-static`; and a 404 that somebody has set stays one, and so does an answer that was given past Koa. */
function isAnswered(ctx: Context): boolean {
  const { _explicitStatus: isSet } = ctx.response as { _explicitStatus?: boolean };
  return (ctx.body !== null && ctx.body !== undefined) || ctx.status !== 404 || isSet === true || ctx.headerSent || ctx.respond === false;
}

/** Answers, unless the plugin knows nothing of the path. */
async function isLeftToStrapi(ctx: Context, below: string, options: UploadsOptions): Promise<boolean> {
  const client = new AbortController();
  const onClose = () => {
    if (!ctx.res.writableFinished) client.abort();
  };
  ctx.res.once('close', onClose);
  if (ctx.res.destroyed) client.abort();
  try {
    return await serve(ctx, below, options, client.signal);
  } catch (error) {
    // nobody is there to be answered
    if (client.signal.aborted) return false;
    if (!(error instanceof Unreachable)) throw error;
    options.onFailure(error.cause);
    answerUnavailable(ctx);
    return false;
  }
}

/** The reader or what it asks has failed, and not what belongs to the project. */
class Unreachable extends Error {}

async function serve(ctx: Context, below: string, { reader, statics, publicFolder, ranges = true }: UploadsOptions, signal: AbortSignal): Promise<boolean> {
  const unreachable = (cause: unknown) => {
    throw new Unreachable('unreachable', { cause });
  };
  // one that could not start (its log says why) knows of newer bytes than lie on the disk, perhaps
  const media = await reader().catch(unreachable);
  if (!media) return true;
  const uploads = path.join(publicFolder, 'uploads');
  const headers = ranges ? ctx.headers : { ...ctx.headers, range: undefined };
  let isGone = false;
  for await (const name of namesOf(below, statics, uploads)) {
    const key = keyOrUndefined(name);
    if (key === undefined) continue;
    const decided: { answer?: Answer } = {};
    const plan = (facts: FileFacts) => {
      const validators = validatorsOf(facts, Date.now());
      decided.answer = { ...decide(ctx.method, headers, facts, validators), validators };
      return decided.answer.wanted;
    };
    const opened = await media.open(key, plan, { signal }).catch(unreachable);
    if (opened.kind === 'unavailable') {
      if (!signal.aborted) answerUnavailable(ctx);
      return false;
    }
    if (opened.kind === 'file' && decided.answer) return fileOrNeighbour(ctx, path.join(uploads, key), opened, decided.answer, statics, signal);
    isGone ||= opened.kind === 'gone';
  }
  if (isGone) answerMissing(ctx);
  return !isGone;
}

/** A file that the ledger does not know may have a precompressed neighbour, which only Strapi's own route serves. */
async function fileOrNeighbour(ctx: Context, file: string, opened: OpenedFile, answer: Answer, statics: StaticOptions, signal: AbortSignal): Promise<boolean> {
  // Koa leaves a half-sent answer open when its stream fails; the client must see that it is cut short
  opened.body?.once('error', () => ctx.res.destroy());
  const isLeft = opened.facts.modifiedMs !== undefined && (await hasPrecompressed(ctx, file, statics));
  if (isLeft || signal.aborted) {
    opened.body?.destroy();
    return isLeft && !signal.aborted;
  }
  answerFile(ctx, file, opened, answer, statics);
  return false;
}

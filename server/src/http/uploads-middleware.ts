import path from 'node:path';
import type { Context } from 'koa';
import parseRange from 'range-parser';
import type { MediaReader } from '../core/media/media-reader';
import type { FileFacts, Opened, Wanted } from '../core/media/serving';
import { keyOfPath } from './uploads-path';

/** Seconds after which a client should ask again for bytes that cannot be reached now. */
const RETRY_AFTER_SECONDS = 5;

export interface UploadsOptions {
  /** `Cache-Control` of what is served; the validator (ETag) makes asking again cheap. */
  cacheControl: string;
}

/**
 * Serves `GET|HEAD /uploads/<key>` from where the ledger says the bytes are. Falls through to Strapi's own static route
 * only for keys the plugin knows nothing of.
 * @param active the reader, or undefined while the plugin has nothing to do with this library
 */
export function uploadsMiddleware(active: () => Promise<MediaReader | undefined>, options: UploadsOptions) {
  return async (ctx: Context, next: () => Promise<unknown>): Promise<unknown> => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    const key = keyOfPath(ctx.path);
    if (key === undefined) return next();
    let reader: MediaReader | undefined;
    try {
      reader = await active();
    } catch {
      // the plugin could not start (its log says why): what lies on disk may be older than what it knows of
      return answerUnavailable(ctx);
    }
    if (!reader) return next();
    if (key === 'invalid') return answerMissing(ctx);
    const opened = await reader.open(key, (facts) => plan(ctx, facts));
    if (opened.kind === 'unknown') return next();
    if (opened.kind === 'gone') return answerMissing(ctx);
    if (opened.kind === 'unavailable') return answerUnavailable(ctx);
    ctx.set('Cache-Control', options.cacheControl);
    answerFile(ctx, key, opened);
  };
}

/** Decides from the request's conditions which bytes to open; a 304 costs S3 nothing. */
function plan(ctx: Context, facts: FileFacts): Wanted {
  const tag = `"${facts.etag}"`;
  ctx.status = 200;
  ctx.set('ETag', tag);
  if (ctx.fresh) {
    ctx.status = 304;
    return { bytes: 'none' };
  }
  const header = ctx.get('Range');
  const ifRange = ctx.get('If-Range');
  if (ctx.method === 'HEAD') return { bytes: 'check' };
  if (!header || facts.wholeOnly || (ifRange && ifRange !== tag)) return { bytes: 'all' };
  const ranges = parseRange(facts.size, header);
  if (ranges === -1) {
    ctx.status = 416;
    return { bytes: 'none' };
  }
  // a malformed header is ignored, as the standard asks; several ranges get the whole file, which it allows
  const [range, another] = ranges === -2 || ranges.type !== 'bytes' ? [] : ranges;
  if (!range || another) return { bytes: 'all' };
  ctx.status = 206;
  return { bytes: 'range', range: { start: range.start, end: range.end } };
}

function answerFile(ctx: Context, key: string, opened: Extract<Opened, { kind: 'file' }>): void {
  const { facts, wanted, body } = opened;
  if (!facts.wholeOnly) ctx.set('Accept-Ranges', 'bytes');
  if (ctx.status === 304) return;
  if (ctx.status === 416) {
    ctx.set('Content-Range', `bytes */${facts.size}`);
    ctx.body = null;
    ctx.status = 416;
    return;
  }
  // Koa leaves a half-sent answer open when its stream fails; the client must see that it is cut short
  body?.once('error', () => ctx.res.destroy());
  // by the extension, as Strapi's own route does: the stored MIME type is the uploader's word
  ctx.type = path.extname(key) || 'application/octet-stream';
  if (wanted.bytes === 'range') {
    const { start, end } = wanted.range;
    ctx.set('Content-Range', `bytes ${start}-${end}/${facts.size}`);
    // a compressed part of a file is not that part
    ctx.compress = false;
    ctx.body = body;
    ctx.length = end - start + 1;
    return;
  }
  if (body) ctx.body = body;
  else ctx.status = 200;
  ctx.length = facts.size;
}

/** In Strapi's own words, but not thrown: a link to a deleted file is no error of the server's. */
function answerMissing(ctx: Context): void {
  ctx.remove('ETag');
  ctx.status = 404;
  ctx.body = { data: null, error: { status: 404, name: 'NotFoundError', message: 'Not Found', details: {} } };
}

function answerUnavailable(ctx: Context): void {
  ctx.remove('ETag');
  ctx.set('Retry-After', String(RETRY_AFTER_SECONDS));
  ctx.set('Cache-Control', 'no-store');
  ctx.status = 503;
  ctx.body = {
    data: null,
    error: { status: 503, name: 'ServiceUnavailableError', message: 'The file cannot be reached at the moment.', details: {} },
  };
}

import path from 'node:path';
import type { Context } from 'koa';
import type { Opened } from '../core/media/serving';
import { tagOfNotModified, type Decision, type Validators } from './uploads-conditions';
import { statsOf, type StaticOptions } from './uploads-static';

/** Seconds after which a client should ask again for bytes that cannot be reached now. */
const RETRY_AFTER_SECONDS = 5;

/** Answers whose bytes the plugin has given, as they are stored. */
const served = new WeakSet<Context>();

export type OpenedFile = Extract<Opened, { kind: 'file' }>;

export interface Answer extends Decision {
  validators: Validators;
}

/**
 * Answers with a file, or with what its conditions demand instead. Headers that somebody has set before (a middleware of the project's,
 * `setHeaders`) stay, wherever `koa-send` leaves them; the validators are the plugin's own, since it has compared them.
 * @param file where Strapi's own route would look for it
 */
export function answerFile(ctx: Context, file: string, opened: OpenedFile, answer: Answer, options: StaticOptions): void {
  const { facts, wanted, body } = opened;
  const { status, validators } = answer;
  if (status === 412 || status === 416) {
    if (status === 416) ctx.set('Content-Range', `bytes */${facts.size}`);
    answerError(ctx, status, status === 412 ? 'PreconditionFailedError' : 'RangeNotSatisfiableError', status === 412 ? 'Precondition Failed' : 'Range Not Satisfiable');
    return;
  }
  if (!facts.wholeOnly) ctx.set('Accept-Ranges', 'bytes');
  try {
    options.setHeaders?.(ctx.res, file, statsOf(facts.size, facts.modifiedMs));
  } catch (error) {
    body?.destroy();
    throw error;
  }
  ctx.set('ETag', status === 304 ? tagOfNotModified(ctx.headers, validators) : validators.etag);
  if (validators.modified && !ctx.response.get('Last-Modified')) ctx.set('Last-Modified', validators.modified.toUTCString());
  if (!ctx.response.get('Cache-Control')) ctx.set('Cache-Control', options.cacheControl);
  ctx.status = status;
  if (status === 304) return;
  // by the extension, as Strapi's own route does: the stored MIME type is the uploader's word
  if (!ctx.type) ctx.type = path.extname(file);
  if (!ctx.type) ctx.type = 'application/octet-stream';
  if (!ctx.response.get('Content-Encoding')) served.add(ctx);
  // a compressed part of a file is not that part
  if (wanted.bytes === 'range') ctx.compress = false;
  if (body) ctx.body = body;
  if (wanted.bytes === 'range') {
    const { start, end } = wanted.range;
    ctx.set('Content-Range', `bytes ${start}-${end}/${facts.size}`);
    ctx.length = end - start + 1;
  } else ctx.length = facts.size;
}

/**
 * To be asked outside all others: what a middleware has compressed is another representation of the file, so its tag tells no longer
 * that two answers have the same bytes, and a part of the one is no part of the other (RFC 9110, section 8.8.3.3).
 */
export async function weakenCompressed(ctx: Context, next: () => Promise<unknown>): Promise<void> {
  await next();
  if (!served.has(ctx) || !ctx.response.get('Content-Encoding') || ctx.headerSent) return;
  const etag = ctx.response.get('ETag');
  if (etag.startsWith('"')) ctx.set('ETag', `W/${etag}`);
  ctx.remove('Accept-Ranges');
}

/** Deleted, or nobody's to ask for. In Strapi's own words, but not thrown: a link to a deleted file is no error of the server's. */
export function answerMissing(ctx: Context): void {
  respond(ctx, 404, 'NotFoundError', 'Not Found');
}

/** The bytes cannot be reached now. Never to be taken for missing, and never to be remembered by anybody. */
export function answerUnavailable(ctx: Context): void {
  ctx.set('Retry-After', String(RETRY_AFTER_SECONDS));
  answerError(ctx, 503, 'ServiceUnavailableError', 'The file cannot be reached at the moment.');
}

function answerError(ctx: Context, status: number, name: string, message: string): void {
  ctx.set('Cache-Control', 'no-store');
  respond(ctx, status, name, message);
}

function respond(ctx: Context, status: number, name: string, message: string): void {
  ctx.status = status;
  ctx.body = { data: null, error: { status, name, message, details: {} } };
}

import path from 'node:path';
import contentDisposition from 'content-disposition';
import type { Context } from 'koa';
import type { DeliverySettings } from '../core/media/delivery-settings';
import { discard, type Opened } from '../core/media/serving';
import { activityOf, restrain, typeOf } from './active-content';
import { cappedCacheControl } from './delivery';
import { tagOfNotModified, type Decision, type Validators } from './uploads-conditions';
import { statsOf, type StaticOptions } from './uploads-static';

/** Seconds after which a client should ask again for bytes that the plugin cannot reach now. */
const RETRY_AFTER_SECONDS = 5;

/** Longest name of a download, in UTF-16 units. Systems store no longer one, and proxies refuse an answer with headers of many kilobytes. */
const MAX_NAME_LENGTH = 255;

/**
 * Longest time for which a browser may keep the answer that sends it to an object, in seconds. After a replacement the former object stays for
 * 24 hours, so that nobody is sent to one that is gone.
 */
const LINK_KEPT_SECONDS = 12 * 3600;

/** Requests that the plugin answered with the bytes exactly as they are stored. */
const served = new WeakSet<Context>();

export type OpenedFile = Extract<Opened, { kind: 'file' }>;
export type OpenedLink = Extract<Opened, { kind: 'link' }>;

export interface Answer extends Decision {
  validators: Validators;
  cacheControl: string;
  settings: DeliverySettings;
  /** The file name of a download; undefined where the visitor wants to see the file. */
  download: string | undefined;
}

/**
 * Answers with a file, or with the status that the conditions of the request demand. A header that other code has set before (a middleware
 * of the project, or `setHeaders`) stays where `koa-send` would leave it. The validators are always the plugin's own, because the plugin
 * has compared them.
 * @param file path at which Strapi's own route would look for the file
 */
export function answerFile(ctx: Context, file: string, opened: OpenedFile, answer: Answer, options: StaticOptions): void {
  const { facts, wanted, body } = opened;
  const { status, validators, download } = answer;
  if (status === 412 || status === 416) {
    if (status === 416) ctx.set('Content-Range', `bytes */${facts.size}`);
    answerError(ctx, status, status === 412 ? 'PreconditionFailedError' : 'RangeNotSatisfiableError', status === 412 ? 'Precondition Failed' : 'Range Not Satisfiable');
    return;
  }
  if (!facts.wholeOnly) ctx.set('Accept-Ranges', 'bytes');
  const policy = ctx.response.get('Content-Security-Policy');
  try {
    options.setHeaders?.(ctx.res, file, statsOf(facts.size, facts.modifiedMs));
  } catch (error) {
    discard(body);
    throw error;
  }
  ctx.set('ETag', status === 304 ? tagOfNotModified(ctx.headers, validators) : validators.etag);
  if (validators.modified && !ctx.response.get('Last-Modified')) ctx.set('Last-Modified', validators.modified.toUTCString());
  if (download !== undefined) attach(ctx, download, file);
  else if (!ctx.response.get('Cache-Control')) ctx.set('Cache-Control', answer.cacheControl);
  ctx.status = status;
  // a policy from the project's own `setHeaders` is there on purpose
  const isOwnPolicy = ctx.response.get('Content-Security-Policy') !== policy;
  const activity = answer.settings.allowActiveContent || isOwnPolicy ? undefined : activityOf(ctx.type || typeOf(ctx, file));
  // a 304 has it as well, because its headers replace those that the client has kept
  if (activity) restrain(ctx);
  if (status === 304) return;
  // the extension decides, as in Strapi's own route: the stored MIME type is only the uploader's word
  if (!ctx.type) ctx.type = path.extname(file);
  if (!ctx.type) ctx.type = 'application/octet-stream';
  if (activity === 'script') ctx.type = 'text/plain; charset=utf-8';
  if (!ctx.response.get('Content-Encoding')) served.add(ctx);
  // a compressed part of a file is no longer that part
  if (wanted.bytes === 'range') ctx.compress = false;
  if (body) ctx.body = body;
  if (wanted.bytes === 'range') {
    const { start, end } = wanted.range;
    ctx.set('Content-Range', `bytes ${start}-${end}/${facts.size}`);
    ctx.length = end - start + 1;
  } else ctx.length = facts.size;
}

/**
 * Sends the visitor to the URL at which the bytes are. Nobody may keep this answer for longer than the URL and the object certainly work.
 * @param file path at which Strapi's own route would look for the file
 */
export function answerLink(ctx: Context, file: string, { facts, url }: OpenedLink, { download, cacheControl, settings }: Answer, options: StaticOptions): void {
  // the settings allow no other addresses; a browser would run a script that stood in this place
  if (!/^https?:\/\//i.test(url)) throw new Error('the address to which visitors are sent is not one of the web');
  options.setHeaders?.(ctx.res, file, statsOf(facts.size, facts.modifiedMs));
  ctx.set('Location', url);
  // a project that lets browsers keep its files for a year does not mean the way there
  const isSigned = settings.delivery === 'redirect' || settings.cdnKeyPairId !== null;
  const keptSeconds = Math.min(LINK_KEPT_SECONDS, isSigned ? settings.urlLifetimeMinutes * 30 : Infinity);
  ctx.set('Cache-Control', download === undefined ? cappedCacheControl(ctx.response.get('Cache-Control') || cacheControl, keptSeconds) : 'no-store');
  ctx.remove('Expires');
  // see `isSentAway`
  ctx.vary('Sec-Fetch-Mode');
  ctx.vary('Sec-Fetch-Site');
  // this sets a status of its own
  ctx.body = null;
  ctx.status = 302;
}

/** Lets the browser store the file under this name. No cache may keep the answer, because an editor may rename the file. */
function attach(ctx: Context, name: string, file: string): void {
  ctx.set('Content-Disposition', dispositionOf(name, file));
  ctx.set('Cache-Control', 'no-store');
}

/**
 * Returns the `Content-Disposition` of a download (RFC 6266, RFC 8187).
 * @param name the editor's name for the file
 * @param file path whose name stands in for one that cannot be used
 */
export function dispositionOf(name: string, file: string): string {
  const storable = storableName(name) || path.basename(file);
  // Node 20 sends other bytes for letters beyond ASCII in the headers of an answer whose body is a Buffer
  return contentDisposition(storable, { fallback: storable.replace(/[^\x20-\x7e]/g, '?') });
}

/** Returns the name without what no header or no folder takes: line breaks, halves of a letter, other folders. It is empty if nothing remains. */
function storableName(name: string): string {
  // Windows takes the backslash for a folder's end as well
  const plain = name.replace(/\p{Cc}/gu, '').split(/[\\/]/).at(-1) ?? '';
  if (/^[.\s]*$/.test(plain)) return '';
  const extension = path.extname(plain).slice(0, 20);
  const short = plain.length <= MAX_NAME_LENGTH ? plain : plain.slice(0, MAX_NAME_LENGTH - extension.length) + extension;
  return short.toWellFormed();
}

/**
 * Weakens the tag of a compressed answer. This middleware has to run outside all others. A file that a middleware has compressed is another
 * representation: its tag no longer proves that two answers have the same bytes, and parts of the two cannot be combined (RFC 9110, section
 * 8.8.3.3).
 */
export async function weakenCompressed(ctx: Context, next: () => Promise<unknown>): Promise<void> {
  await next();
  if (!served.has(ctx) || !ctx.response.get('Content-Encoding') || ctx.headerSent) return;
  const etag = ctx.response.get('ETag');
  if (etag.startsWith('"')) ctx.set('ETag', `W/${etag}`);
  ctx.remove('Accept-Ranges');
}

/**
 * Answers 404 for a file that is deleted, or that nobody may ask for. The words are Strapi's own, but nothing is thrown: a link to a
 * deleted file is not an error of the server.
 */
export function answerMissing(ctx: Context): void {
  respond(ctx, 404, 'NotFoundError', 'Not Found');
}

/** Answers 404 on a copy, for a file that production has replaced or removed. No cache may keep that, because the file is listed. */
export function answerVanished(ctx: Context): void {
  answerError(ctx, 404, 'NotFoundError', 'Not Found');
}

/** Answers 503 for bytes that the plugin cannot reach now. A client must not take this for a missing file, and no cache may keep it. */
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

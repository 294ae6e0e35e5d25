import type { Context } from 'koa';
import { DEFAULT_VISITOR_CACHE } from '../contracts/settings';
import type { DeliverySettings } from '../core/media/delivery-settings';
import type { FileFacts } from '../core/media/serving';
import { activityOf, typeOf } from './active-content';
import type { StaticOptions } from './uploads-static';

const MIB = 1024 * 1024;
const A_YEAR = 'public, max-age=31536000, immutable';
/** The query parameters that name a version of a file. The panel's own URLs have `v` or `updatedAt`. */
const VERSIONS = ['v', 'version', 'updatedAt'] as const;

/**
 * Whether this visitor gets the file from S3 or the CDN.
 * @param file path of the file, for its type
 * @param isDownload whether the visitor wants to store the file
 */
export function isSentAway(ctx: Context, file: string, { size, linkable }: FileFacts, isDownload: boolean, settings: DeliverySettings): boolean {
  const { delivery, redirectAboveMb, allowActiveContent } = settings;
  if (delivery === 'proxy' || !linkable) return false;
  // a CDN cannot be told the name of a download
  if (isDownload && delivery === 'public') return false;
  // A script of this site wants to read the bytes: the panel's crop, for example. After a redirect to another origin a browser would ask
  // that origin for permission (CORS), in the name of nobody (`Origin: null`).
  if (ctx.get('Sec-Fetch-Mode') === 'cors' && ctx.get('Sec-Fetch-Site') === 'same-origin') return false;
  const type = typeOf(ctx, file);
  // nobody would restrain it there
  if (!allowActiveContent && activityOf(type)) return false;
  return size > redirectAboveMb * MIB || /^(?:video|audio)\//.test(type);
}

/** Returns the `Cache-Control` of an answer to a visitor, unless other code has set one. */
export function cacheControlOf(ctx: Context, { visitorCacheControl, cacheVersioned }: DeliverySettings, statics: StaticOptions): string {
  if (cacheVersioned && ctx.querystring !== '') {
    const query = new URLSearchParams(ctx.querystring);
    if (VERSIONS.some((name) => query.get(name))) return A_YEAR;
  }
  return visitorCacheControl ?? statics.cacheControl ?? DEFAULT_VISITOR_CACHE;
}

/** Returns a `Cache-Control` that lets nobody keep the answer for longer than this number of seconds. */
export function cappedCacheControl(cacheControl: string, seconds: number): string {
  return cacheControl
    .split(',')
    .map((directive) => directive.trim())
    .filter((directive) => !/^(?:immutable|stale-)/i.test(directive))
    .map((directive) => directive.replace(/^((?:s-maxage|max-age)=)"?(\d+)"?$/i, (_all, name: string, age: string) => `${name}${Math.min(Number(age), seconds)}`))
    .join(', ');
}

/** Returns the `Content-Type` that S3 is to answer with: the extension decides it, as for files that this server sends. */
export function linkType(ctx: Context, file: string): string {
  const type = typeOf(ctx, file) || 'application/octet-stream';
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}

import path from 'node:path';
import type { Context } from 'koa';

/**
 * The policy of a page that a visitor opens from the uploads folder. It may show itself with its own styles and images. It runs no script, and
 * it counts as a page of another site, which has no access to this one.
 */
const SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self' data:; font-src 'self' data:";

/** The types of scripts, see https://html.spec.whatwg.org/multipage/scripting.html#javascript-mime-type. */
const SCRIPT = /^(?:application|text)\/(?:x-)?(?:java|ecma|j|live)script[\d.]*$/;
/** The types that browsers show as pages, and in which scripts may be: HTML, and any XML (SVG, XHTML, feeds). */
const PAGE = /^(?:text\/html|(?:text|application)\/xml|text\/xsl|[^;]*\+xml)$/;

/** `page`: a browser that opens it may run scripts in it. `script`: a page may load it as a script. */
export type Activity = 'page' | 'script';

/** Returns what a browser may do with an answer of this type; undefined: show it, at most. @param type a content type without parameters */
export function activityOf(type: string): Activity | undefined {
  const plain = type.toLowerCase();
  if (SCRIPT.test(plain)) return 'script';
  return PAGE.test(plain) ? 'page' : undefined;
}

/** Largest number of extensions whose types are remembered. */
const MAX_REMEMBERED = 1_000;
const types = new Map<string, string>();

/** Returns the type that Koa gives a file with this name, without parameters, and leaves the answer as it is. */
export function typeOf(ctx: Context, file: string): string {
  const extension = path.extname(file);
  const known = types.get(extension);
  if (known !== undefined) return known;
  const before = ctx.response.get('Content-Type');
  ctx.type = extension;
  const { type } = ctx.response;
  if (before) ctx.set('Content-Type', before);
  else ctx.remove('Content-Type');
  if (types.size < MAX_REMEMBERED) types.set(extension, type);
  return type;
}

/**
 * Keeps what an editor has uploaded from acting as a part of this site. Otherwise a page or a script among the uploads could do whatever
 * the visitor who opens it may do, with the admin panel as well.
 */
export function restrain(ctx: Context): void {
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set('Content-Security-Policy', SANDBOX);
}

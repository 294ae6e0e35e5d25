import type { Context } from 'koa';

/** The directives for images, videos and sound, which pages of this site show from the uploads folder. */
const DIRECTIVES = ['img-src', 'media-src'] as const;

/**
 * Lets the pages of this site, the panel above all, show files from the origin to which visitors are sent for them. A browser applies the
 * page's policy to the target of a redirect as well. This middleware has to run outside the one that sets the policy.
 * @param origin returns the origin; undefined if visitors are sent nowhere
 */
export function allowOrigin(origin: () => Promise<string | undefined>) {
  return async (ctx: Context, next: () => Promise<unknown>): Promise<void> => {
    await next();
    const policy = ctx.response.get('Content-Security-Policy');
    if (!policy || ctx.headerSent || !ctx.response.is('html')) return;
    const allowed = await origin();
    if (allowed !== undefined) ctx.set('Content-Security-Policy', withOrigin(policy, allowed));
  };
}

/** Returns a policy under which a page may also show images, videos and sound from this origin. A directive that allows nothing stays. */
export function withOrigin(policy: string, origin: string): string {
  const directives = policy.split(';').map((directive) => directive.trim().split(/\s+/)).filter(([name]) => name);
  const named = (wanted: string) => directives.find(([name = '']) => name.toLowerCase() === wanted);
  for (const name of DIRECTIVES) {
    const own = named(name);
    // without a directive of its own, the default counts
    const sources = (own ?? named('default-src') ?? []).slice(1);
    if (sources.length === 0 || sources.includes("'none'") || sources.includes('*') || sources.includes(origin)) continue;
    if (own) own.push(origin);
    else directives.push([name, ...sources, origin]);
  }
  return directives.map((directive) => directive.join(' ')).join(';');
}

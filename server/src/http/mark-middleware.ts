import type { Context } from 'koa';
import type { PublicMarks } from '../core/public-url/marks';

const UPLOADS = '/uploads/';

/** Answers the marks by which the plugin finds out whether visitors' requests reach it. Marks are not files and need no storage. */
export function markMiddleware(marks: PublicMarks) {
  return async (ctx: Context, next: () => Promise<unknown>): Promise<unknown> => {
    const answer = ctx.method === 'GET' && ctx.path.startsWith(UPLOADS) ? marks.answerTo(ctx.path.slice(UPLOADS.length)) : undefined;
    if (answer === undefined) return next();
    ctx.set('Cache-Control', 'no-store');
    ctx.type = 'text/plain';
    ctx.body = answer;
  };
}

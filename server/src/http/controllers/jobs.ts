import type { Core } from '@strapi/strapi';
import type { Context } from 'koa';

import { action } from '../respond';

const ACCEPTED = 202;

/** Of the path; unchecked. */
const nameOf = (ctx: Context): string => (ctx.params as { name: string }).name;

export function jobsController({ strapi }: { strapi: Core.Strapi }) {
  return {
    list: action(strapi, (engine) => engine.jobs.answer()),
    start: action(strapi, (engine, ctx) => engine.jobs.start(nameOf(ctx), ctx.request.body), ACCEPTED),
    stop: action(strapi, (engine, ctx) => engine.jobs.stop(nameOf(ctx)), ACCEPTED),
    schedule: action(strapi, (engine, ctx) => engine.jobs.setSchedule(nameOf(ctx), ctx.request.body)),
    report: action(strapi, (engine, ctx) => engine.jobs.report(nameOf(ctx), ctx.query)),
  };
}

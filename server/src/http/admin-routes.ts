import type { Context } from 'koa';

import type { ClaimAnswer, TestAnswer } from '../contracts/api';
import type { SettingsAnswer } from '../contracts/settings';
import type { AdminApi } from '../core/admin/admin-api';
import { permission, type PermissionUid } from './permissions';
import type { AdminContext, policies } from './policies';

/** One route of the admin API. */
export interface AdminRoute {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** The path that follows `/s3-storage`. */
  readonly path: string;
  /** Controller and action. Strapi knows the handler by this name, and a project may extend it by this name. */
  readonly handler: `${string}.${string}`;
  /** An administrator needs one of these. */
  readonly permissions: readonly [PermissionUid, ...PermissionUid[]];
  /** A further policy, which looks at the request. */
  readonly policy?: keyof typeof policies;
  /** The status of a successful answer; 200 if left out. */
  readonly status?: number;
  work(admin: AdminApi, ctx: Context): Promise<unknown>;
}

const ACCEPTED = 202;

/** The name in the path, unchecked. */
const nameOf = (ctx: Context): string => (ctx.params as { name: string }).name;

/** `settings.update` alone does not allow anybody to read the settings, so the answer to a change must not show them either. */
const mayRead = (ctx: Context): boolean => (ctx.state as AdminContext['state']).userAbility.can(permission('settings.read'));

function settingsFor(ctx: Context, answer: SettingsAnswer): SettingsAnswer | Pick<SettingsAnswer, 'mode' | 'reason'> {
  return mayRead(ctx) ? answer : { mode: answer.mode, reason: answer.reason };
}

/** Leaves out bucket and owner for people without the permission to read the settings. */
function claimFor(ctx: Context, { area, owner, ...numbers }: ClaimAnswer): ClaimAnswer | Omit<ClaimAnswer, 'area' | 'owner'> {
  return mayRead(ctx) ? { area, owner, ...numbers } : numbers;
}

/** Leaves out the snippets for readers without the permission, because they name bucket and prefix. */
function testFor(ctx: Context, answer: TestAnswer): TestAnswer {
  return mayRead(ctx) ? answer : { ...answer, snippets: [] };
}

/** Status and objects show no settings, only facts that the answers and reports of the jobs show as well. */
const LOOK = ['settings.read', 'jobs.read'] as const;

export const adminRoutes: readonly AdminRoute[] = [
  { method: 'GET', path: '/settings', handler: 'settings.get', permissions: ['settings.read'], work: ({ settings }) => settings.answer() },
  { method: 'PUT', path: '/settings', handler: 'settings.update', permissions: ['settings.update'], policy: 'schedules-for-job-runners', work: async ({ settings }, ctx) => settingsFor(ctx, await settings.update(ctx.request.body)) },
  // the test sends requests with the stored credentials and writes an object, which is more than reading
  { method: 'POST', path: '/settings/test', handler: 'settings.test', permissions: ['settings.update'], work: async ({ settings }, ctx) => testFor(ctx, await settings.test(ctx.request.body)) },
  { method: 'POST', path: '/settings/preview', handler: 'settings.preview', permissions: ['settings.update'], work: ({ settings }, ctx) => settings.preview(ctx.request.body) },
  { method: 'POST', path: '/settings/cors', handler: 'settings.installCors', permissions: ['settings.update'], work: ({ settings }) => settings.installCors() },
  { method: 'GET', path: '/settings/claim', handler: 'settings.claimPreview', permissions: ['settings.read'], work: ({ claim }) => claim.answer() },
  { method: 'POST', path: '/settings/claim', handler: 'settings.claim', permissions: ['settings.update'], policy: 'for-job-runners', work: async ({ claim }, ctx) => claimFor(ctx, await claim.claim(ctx.request.body)) },
  { method: 'POST', path: '/settings/leave', handler: 'settings.leave', permissions: ['settings.update'], policy: 'for-job-runners', work: async ({ settings }, ctx) => settingsFor(ctx, await settings.leave()) },
  { method: 'POST', path: '/settings/return', handler: 'settings.returnToS3', permissions: ['settings.update'], policy: 'for-job-runners', work: async ({ settings }, ctx) => settingsFor(ctx, await settings.returnToS3()) },
  { method: 'GET', path: '/status', handler: 'status.get', permissions: LOOK, work: (admin) => admin.status() },
  { method: 'GET', path: '/objects', handler: 'objects.list', permissions: LOOK, work: ({ objects }, ctx) => objects.page(ctx.query) },
  { method: 'POST', path: '/objects/retry', handler: 'objects.retry', permissions: ['jobs.run'], work: ({ objects }, ctx) => objects.retry(ctx.request.body) },
  { method: 'POST', path: '/objects/untrash', handler: 'objects.untrash', permissions: ['jobs.run'], work: ({ objects }, ctx) => objects.untrash(ctx.request.body) },
  { method: 'GET', path: '/jobs', handler: 'jobs.list', permissions: ['jobs.read'], work: ({ jobs }) => jobs.answer() },
  { method: 'POST', path: '/jobs/:name/start', handler: 'jobs.start', permissions: ['jobs.run'], status: ACCEPTED, work: ({ jobs }, ctx) => jobs.start(nameOf(ctx), ctx.request.body) },
  { method: 'POST', path: '/jobs/:name/stop', handler: 'jobs.stop', permissions: ['jobs.run'], status: ACCEPTED, work: ({ jobs }, ctx) => jobs.stop(nameOf(ctx)) },
  { method: 'PUT', path: '/jobs/:name/schedule', handler: 'jobs.schedule', permissions: ['jobs.run'], work: ({ jobs }, ctx) => jobs.setSchedule(nameOf(ctx), ctx.request.body) },
  { method: 'GET', path: '/jobs/:name/report', handler: 'jobs.report', permissions: ['jobs.read'], work: ({ jobs }, ctx) => jobs.report(nameOf(ctx), ctx.query) },
];

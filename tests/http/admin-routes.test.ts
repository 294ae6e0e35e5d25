import type { Core } from '@strapi/strapi';
import type { Context } from 'koa';

import { StorageError } from '../../server/src/core/errors';
import { RequestRefused } from '../../server/src/core/refused';
import { MoveUnconfirmed } from '../../server/src/core/settings/move-unconfirmed';
import { SettingsRefused } from '../../server/src/core/settings/refused';
import type { AdminApi } from '../../server/src/core/admin/admin-api';
import type { Logger } from '../../server/src/core/log';
import { provideAdmin } from '../../server/src/http/admin-access';
import { permission, registerPermissions } from '../../server/src/http/permissions';
import { policies } from '../../server/src/http/policies';
import { controllers, routes } from '../../server/src/http/routes';

const logged: string[] = [];
const registered: { section: string; uid: string; pluginName: string; category: string; subCategory: string }[] = [];
const strapi = {
  log: { error: (message: string) => logged.push(message) },
  service: () => ({ actionProvider: { registerMany: async (actions: typeof registered) => void registered.push(...actions) } }),
} as unknown as Core.Strapi;

const page = async (query: unknown) => (query === 'bad' ? Promise.reject(new RequestRefused('INVALID_QUERY', [{ path: 'page', message: 'must be …' }])) : { query }) as never;

const objects = { page, retry: async (body: unknown) => ({ body }) as never, untrash: async (body: unknown) => ({ body }) as never };

const jobs = {
  answer: async () => ({ jobs: [] }),
  start: async (name: string, body: unknown) => ({ name, body }) as never,
  stop: async (name: string) => ({ name }) as never,
  setSchedule: async (name: string, body: unknown) => ({ name, body }) as never,
  report: async (name: string, query: unknown) => ({ name, query }) as never,
};

async function call(handler: string, engine: Partial<AdminApi['settings']> | undefined, body: unknown = {}, query: unknown = {}, granted = [permission('settings.read')]) {
  const log = { ...strapi.log, error: (message: string) => void logged.push(message) } as Logger;
  const admin = { settings: engine, status: async () => ({ mode: 'off' }), objects, jobs } as unknown as AdminApi;
  provideAdmin(strapi, engine && { log, admin });
  const headers: Record<string, string> = {};
  const ctx = { ...asked(granted), request: { body }, query, params: { name: 'upload' }, set: (name: string, value: string) => (headers[name] = value), status: 200, body: undefined as unknown, method: 'PUT', path: '/s' };
  const [controller, action] = handler.split('.') as [string, string];
  await controllers[controller]!({ strapi })[action]!(ctx as unknown as Context);
  return { status: ctx.status, body: ctx.body, headers };
}

beforeEach(() => (logged.length = 0));

const asked = (granted: readonly string[], body?: unknown) => ({ state: { userAbility: { can: (action: string) => granted.includes(action) } }, request: { body } });

describe('the admin routes', () => {
  const list = routes.admin.routes;
  const actionsOf = ({ config }: (typeof list)[number]) => config.policies.flatMap((policy) => (policy as { config?: { actions: string[] } }).config?.actions ?? []);

  test('are the eighteen of this list, and no others', () => {
    expect(routes.admin.type).toBe('admin');
    expect(list.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /settings', 'PUT /settings', 'POST /settings/test', 'POST /settings/preview', 'POST /settings/cors', 'GET /settings/claim', 'POST /settings/claim', 'POST /settings/leave', 'POST /settings/return', 'GET /status',
      'GET /objects', 'POST /objects/retry', 'POST /objects/untrash',
      'GET /jobs', 'POST /jobs/:name/start', 'POST /jobs/:name/stop', 'PUT /jobs/:name/schedule', 'GET /jobs/:name/report',
    ]);
  });

  test('have a handler each, and registered permissions: reading ones for GET, changing ones for the rest', async () => {
    await registerPermissions(strapi);
    const known = registered.map(({ uid, pluginName }) => `plugin::${pluginName}.${uid}`);
    expect(known).toEqual((['settings.read', 'settings.update', 'jobs.read', 'jobs.run'] as const).map(permission));
    expect(registered).toEqual(registered.map((entry) => ({ ...entry, section: 'settings', category: 's3-storage', subCategory: 'settings' })));
    for (const route of list) {
      const { handler, method } = route;
      const [controller = '', action = ''] = handler.split('.');
      const made = controllers[controller]!({ strapi });
      expect(made[action]).toBeInstanceOf(Function);
      const uids = actionsOf(route);
      expect(uids).not.toEqual([]);
      expect(known).toEqual(expect.arrayContaining(uids));
      expect(uids.filter((uid) => uid.endsWith('.read') !== (method === 'GET'))).toEqual([]);
    }
  });

  test('let a request through with any one of their permissions, and never with none', () => {
    const allowed = (...granted: string[]) =>
      policies['has-any-permission'](asked(granted), { actions: ['a', 'b'] });
    expect([allowed('a'), allowed('b'), allowed('a', 'b'), allowed('c'), allowed()]).toEqual([true, true, true, false, false]);
  });

  test('ask for exactly the permissions of this list', () => {
    const guards = list.map((route) => [`${route.method} ${route.path}`, actionsOf(route).map((uid) => uid.replace('plugin::s3-storage.', ''))]);
    const [update, run, jobs] = [['settings.update'], ['jobs.run'], ['jobs.read']];
    expect(Object.fromEntries(guards)).toEqual({
      'GET /settings': ['settings.read'],
      'PUT /settings': update,
      'POST /settings/test': update,
      'POST /settings/preview': update,
      'POST /settings/cors': update,
      'GET /settings/claim': ['settings.read'],
      'POST /settings/claim': update,
      'POST /settings/leave': update,
      'POST /settings/return': update,
      'GET /status': ['settings.read', 'jobs.read'],
      'GET /objects': ['settings.read', 'jobs.read'],
      'POST /objects/retry': run,
      'POST /objects/untrash': run,
      'GET /jobs': jobs,
      'POST /jobs/:name/start': run,
      'POST /jobs/:name/stop': run,
      'PUT /jobs/:name/schedule': run,
      'GET /jobs/:name/report': jobs,
    });
  });

  /** Whether a policy lets a request through. Its refusal names the missing permission. */
  const passing = (policy: 'schedules-for-job-runners' | 'for-job-runners') => (body: unknown, ...granted: string[]) => {
    try {
      return policies[policy](asked(granted, body));
    } catch (error) {
      expect(error).toMatchObject({ name: 'PolicyError', message: expect.stringContaining('plugin::s3-storage.jobs.run'), details: { permission: permission('jobs.run') } });
      return false;
    }
  };

  test('let only administrators who may run jobs claim the bucket, leave S3 or return, because that stops jobs or lets them go on', () => {
    const passes = passing('for-job-runners');
    expect([passes({}), passes({}, permission('settings.update')), passes({}, permission('jobs.run'))]).toEqual([false, false, true]);
    expect(list.filter(({ config }) => config.policies.includes('plugin::s3-storage.for-job-runners')).map(({ path }) => path)).toEqual(['/settings/claim', '/settings/leave', '/settings/return']);
  });

  test('let only administrators who may run jobs change the schedules or `leaving` among the settings', () => {
    const passes = passing('schedules-for-job-runners');
    const run = permission('jobs.run');
    expect([passes({ bucket: 'b', migrationMaxId: 1 }), passes(undefined), passes('text')]).toEqual([true, true, true]);
    for (const field of ['uploadSchedule', 'uploadScheduleEnabled', 'cleanupSchedule', 'cleanupScheduleEnabled', 'leaving']) {
      expect([field, passes({ [field]: null }), passes({ [field]: null }, run)]).toEqual([field, false, true]);
    }
    expect(list.filter(({ config }) => config.policies.includes('plugin::s3-storage.schedules-for-job-runners')).map(({ path }) => path)).toEqual(['/settings']);
  });
});

test('answers are passed on with Cache-Control: no-store', async () => {
  const answer = { mode: 'off' } as never;
  expect(await call('settings.get', { answer: async () => answer })).toEqual({ status: 200, body: answer, headers: { 'Cache-Control': 'no-store' } });
  expect((await call('status.get', {})).body).toEqual({ mode: 'off' });
});

test('an administrator who may change the settings but not read them is told the mode and no setting', async () => {
  const answer = { settings: { bucket: 'secret-bucket' }, sources: { bucket: 'environment' }, mode: 'off', reason: null } as never;
  const tried = { ok: true, steps: [], snippets: [{ title: 't', language: 'json', text: 'secret-bucket' }] } as never;
  const engine = { update: async () => answer, leave: async () => answer, returnToS3: async () => answer, test: async () => tried };
  for (const handler of ['settings.update', 'settings.leave', 'settings.returnToS3']) {
    expect((await call(handler, engine)).body).toBe(answer);
    expect((await call(handler, engine, {}, {}, [])).body).toEqual({ mode: 'off', reason: null });
  }
  expect((await call('settings.test', engine)).body).toBe(tried);
  expect((await call('settings.test', engine, {}, {}, [])).body).toEqual({ ok: true, steps: [], snippets: [] });
});

test('a query is passed on unchecked, and a bad one is answered 400 with the fields, as a bad body is', async () => {
  expect((await call('objects.list', {}, {}, { page: '2' })).body).toEqual({ query: { page: '2' } });
  const fields = [{ path: 'page', message: 'must be …' }];
  expect(await call('objects.list', {}, {}, 'bad')).toMatchObject({ status: 400, body: { error: { name: 'ValidationError', details: { code: 'INVALID_QUERY', fields } } } });
});

test('the path names the job, and a start or stop is answered 202, as it is not done yet', async () => {
  expect(await call('jobs.start', {}, { dryRun: true })).toMatchObject({ status: 202, body: { name: 'upload', body: { dryRun: true } } });
  expect(await call('jobs.stop', {})).toMatchObject({ status: 202, body: { name: 'upload' } });
  expect(await call('jobs.schedule', {}, { enabled: 1 })).toMatchObject({ status: 200, body: { name: 'upload', body: { enabled: 1 } } });
  expect(await call('jobs.report', {}, {}, { page: '2' })).toMatchObject({ status: 200, body: { name: 'upload', query: { page: '2' } } });
  expect((await call('objects.retry', {}, { all: true })).body).toEqual({ body: { all: true } });
});

test('bodies of requests are passed on unchecked', async () => {
  const update = jest.fn(async () => ({}) as never);
  const test = jest.fn(async () => ({}) as never);
  await call('settings.update', { update }, { bucket: 'b' });
  const counts = { staying: { count: 0, bytes: 0 }, outOfSight: { count: 1, bytes: 2 } };
  const preview = jest.fn(async () => counts);
  await call('settings.test', { test }, { bucket: 'c' });
  expect((await call('settings.preview', { preview }, { bucket: 'd' })).body).toEqual(counts);
  expect([update.mock.calls, test.mock.calls, preview.mock.calls]).toEqual([[[{ bucket: 'b' }]], [[{ bucket: 'c' }]], [[{ bucket: 'd' }]]]);
});

describe('the answer to a failure', () => {
  const failing = (error: unknown) => call('settings.update', { update: async () => Promise.reject(error) });

  test('is 409 with the counts for a move that nobody has confirmed', async () => {
    const counts = { staying: { count: 3, bytes: 30 }, outOfSight: { count: 1, bytes: 2 } };
    const { status, body } = await failing(new MoveUnconfirmed(counts));
    expect([status, body]).toEqual([409, expect.objectContaining({ error: expect.objectContaining({ details: expect.objectContaining({ code: 'MOVE_UNCONFIRMED', ...counts }) }) })]);
  });

  test('is 400 with the path of each field for a bad body', async () => {
    const fields = [{ path: 'bucket', message: 'must be …' }];
    expect(await failing(new SettingsRefused('INVALID_SETTINGS', fields))).toMatchObject({
      status: 400,
      body: { data: null, error: { status: 400, name: 'ValidationError', message: expect.any(String), details: { code: 'INVALID_SETTINGS', hint: expect.any(String), fields } } },
    });
  });

  test.each([['SECRET_REQUIRED', 400], ['ENDPOINT_FORBIDDEN', 400], ['CIRCUIT_OPEN', 409], ['OBJECT_NOT_FOUND', 404]] as const)('has for %s the status %d, the code and a hint, but not the detail', async (code, status) => {
    const result = await failing(new StorageError(code, { detail: 'inside' }));
    expect(result).toMatchObject({ status, body: { error: { status, details: { code, hint: expect.any(String) } } } });
    expect(JSON.stringify(result.body)).not.toContain('inside');
    expect(logged).toEqual([]);
  });

  test.each([new Error('SELECT secret FROM x'), new StorageError('INTERNAL', { detail: 'SELECT secret' }), 'SELECT secret', undefined])(
    'is 500 without the details for any other error, which is logged once: %s',
    async (error) => {
      const result = await failing(error);
      expect(result).toMatchObject({ status: 500, body: { error: { status: 500, name: 'InternalServerError', details: { code: 'INTERNAL' } } } });
      expect(JSON.stringify(result.body)).not.toContain('SELECT');
      expect(logged).toHaveLength(1);
    },
  );

  test('is 500 while the engine has not started', async () => {
    expect(await call('settings.get', undefined)).toMatchObject({ status: 500 });
  });
});

import { routes } from '../../server/src/http/routes';
import { addPerson, type Person } from '../support/people';
import { openStage, type Stage } from '../support/stage';

const ROUTES = routes.admin.routes;
type AdminRoute = (typeof ROUTES)[number];
const NAMED = ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const);

let stage: Stage;
let editor: Person;
let reader: Person;
/** The people who have one permission only. */
let alone: Record<'settings.read' | 'settings.update' | 'jobs.read' | 'jobs.run', Person>;
let leaver: Person;

beforeAll(async () => {
  stage = await openStage();
  editor = await addPerson(stage.strapi, 'Editor of pages', []);
  reader = await addPerson(stage.strapi, 'Reader of settings', ['plugin::s3-storage.settings.read', 'plugin::s3-storage.jobs.read']);
  alone = {
    'settings.read': await addPerson(stage.strapi, 'Settings alone', ['plugin::s3-storage.settings.read']),
    'settings.update': await addPerson(stage.strapi, 'Settings’ changes alone', ['plugin::s3-storage.settings.update']),
    'jobs.read': await addPerson(stage.strapi, 'Jobs alone', ['plugin::s3-storage.jobs.read']),
    'jobs.run': await addPerson(stage.strapi, 'Runs alone', ['plugin::s3-storage.jobs.run']),
  };
  leaver = await addPerson(stage.strapi, 'Settings’ changes and runs', ['plugin::s3-storage.settings.update', 'plugin::s3-storage.jobs.run']);
}, 300_000);

afterAll(() => stage?.close(), 60_000);

/** The permissions that guard a route, as its policy reads them. One of them is enough. */
const actionsOf = ({ config }: AdminRoute): string[] =>
  config.policies.flatMap((policy) => {
    const guard = policy as { name?: string; config?: { actions?: string[] } };
    return guard.name === 'plugin::s3-storage.has-any-permission' ? (guard.config?.actions ?? []) : [];
  });

/** Whether a route needs the permission to run jobs beside one of the others, because it stops jobs. */
const needsRun = ({ config }: AdminRoute) => config.policies.includes('plugin::s3-storage.for-job-runners');

/** Gives a path's parameters a value. The answer does not matter, only whom the route lets through. */
const pathOf = ({ path }: AdminRoute) => `/s3-storage${path.replaceAll(/:\w+/g, 'upload')}`;

/** A body that configures nothing. Some routes refuse it or its request once they have let it through. */
const bodyFor = ({ method }: AdminRoute) => (method === 'GET' ? undefined : {});

/** The statuses of a route that has let somebody through. No job runs on this stage, and one may have nothing to do. */
const letThrough = ({ path }: AdminRoute) => (/^\/(jobs|objects|settings\/(leave|claim|cors))/.test(path) ? [200, 202, 400, 409] : [200]);

const ask = (who: Person | Stage['strapi'], route: AdminRoute) => who.api<{ error?: { name: string } }>(route.method, pathOf(route), bodyFor(route));

const registered = async (): Promise<string[]> => {
  const { body } = await stage.strapi.api<{ data: { sections: { settings: { action: string }[]; plugins: { action: string }[] } } }>(
    'GET',
    '/admin/permissions',
  );
  const { settings, plugins } = body.data.sections;
  return [...settings, ...plugins].map(({ action }) => action).filter((action) => action.startsWith('plugin::s3-storage.'));
};

test('the plugin has at least four admin routes', () => {
  expect(ROUTES.length).toBeGreaterThanOrEqual(4);
});

test.each(NAMED)('%s requires an administrator with a permission that can be given to a role', async (_name, route) => {
  expect(route.config.policies).toContain('admin::isAuthenticatedAdmin');
  expect(actionsOf(route)).not.toEqual([]);
  expect(await registered()).toEqual(expect.arrayContaining(actionsOf(route)));
});

test.each(NAMED)('%s is open to reading permissions alone only if it is a GET', (_name, route) => {
  const readOnly = actionsOf(route).every((action) => action.endsWith('.read'));
  // a reading role gets through to GETs only, and every GET of settings or status is for reading roles
  expect([route.path, readOnly]).toEqual([route.path, route.method === 'GET']);
});

test.each(NAMED)('%s answers 401 without a token', async (_name, route) => {
  const body = bodyFor(route);
  const answer = await fetch(stage.strapi.url + pathOf(route), {
    method: route.method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  expect(answer.status).toBe(401);
});

test.each(NAMED)('%s answers 403 to a role without a permission', async (_name, route) => {
  expect((await ask(editor, route)).status).toBe(403);
});

test.each(NAMED)('%s lets a role that may only read through only if it is a GET', async (_name, route) => {
  expect(route.method === 'GET' ? letThrough(route) : [403]).toContain((await ask(reader, route)).status);
});

test.each(NAMED)('%s lets a role with one permission through only if that is among the route’s permissions', async (_name, route) => {
  for (const action of ['settings.read', 'settings.update', 'jobs.read', 'jobs.run'] as const) {
    const allowed = actionsOf(route).includes(`plugin::s3-storage.${action}`) && !needsRun(route);
    expect(allowed ? letThrough(route) : [403]).toContain((await ask(alone[action], route)).status);
  }
});

test('a person who may only read jobs sees the status and the failed files, but not the settings', async () => {
  const who = alone['jobs.read'];
  expect((await who.api('GET', '/s3-storage/status')).status).toBe(200);
  expect((await who.api('GET', '/s3-storage/objects?failed=true')).status).toBe(200);
  expect((await who.api('GET', '/s3-storage/settings')).status).toBe(403);
});

test('leaving S3 and the return need both permissions, and the refusal names the missing one', async () => {
  type Refusal = { error: { message: string; details: { permission: string } } };
  const tried = (who: Person) =>
    Promise.all([
      who.api<Refusal>('POST', '/s3-storage/settings/leave', {}),
      who.api<Refusal>('POST', '/s3-storage/settings/return', {}),
      who.api<Refusal>('PUT', '/s3-storage/settings', { leaving: true }),
      who.api<Refusal>('PUT', '/s3-storage/settings', { leaving: null }),
    ]);
  for (const { status, body } of await tried(alone['settings.update'])) {
    expect([status, body.error.message]).toEqual([403, expect.stringContaining('plugin::s3-storage.jobs.run')]);
    expect(body.error.details.permission).toBe('plugin::s3-storage.jobs.run');
  }
  expect((await tried(leaver)).map(({ status }) => status)).toEqual([409, 200, 200, 200]);
});

test('a person who may change settings but not read them sees none of them in an answer', async () => {
  const { status, body } = await alone['settings.update'].api('PUT', '/s3-storage/settings', {});
  expect([status, Object.keys(body as object).sort()]).toEqual([200, ['mode', 'reason']]);
  expect((await alone['settings.update'].api<{ snippets: unknown[] }>('POST', '/s3-storage/settings/test', {})).body.snippets).toEqual([]);
});

test('a person who may only change settings cannot switch the schedule of a job on', async () => {
  const put = (who: Person | Stage['strapi'], body: object) => who.api<{ settings: object }>('PUT', '/s3-storage/settings', body);
  expect((await put(alone['settings.update'], { cleanupScheduleEnabled: true })).status).toBe(403);
  expect((await put(alone['settings.update'], { batchSize: 50 })).status).toBe(200);
  expect((await put(stage.strapi, { cleanupSchedule: '0 3 * * *' })).body.settings).toMatchObject({ cleanupScheduleEnabled: false, batchSize: 50 });
});

test.each(NAMED)('%s lets a super administrator through', async (_name, route) => {
  expect(letThrough(route)).toContain((await ask(stage.strapi, route)).status);
});

test('a token of the content API gets 401 on every admin route', async () => {
  const { body } = await stage.strapi.api<{ data: { accessKey: string } }>('POST', '/admin/api-tokens', {
    name: 'content',
    description: '',
    type: 'full-access',
    lifespan: null,
  });
  expect(body.data.accessKey).toBeTruthy();
  for (const route of ROUTES) {
    const answer = await fetch(stage.strapi.url + pathOf(route), {
      method: route.method,
      headers: { authorization: `Bearer ${body.data.accessKey}` },
    });
    expect([route.path, answer.status]).toEqual([route.path, 401]);
  }
});

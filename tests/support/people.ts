import { adminClient, type AdminClient } from './admin-client';

/** Someone who may log in to the panel. */
export interface Person extends AdminClient {
  readonly email: string;
  readonly password: string;
}

const PASSWORD = 'Correct-horse-2';

/** Rights that every editor has: without any rights Strapi shows an empty panel. */
const MEDIA_LIBRARY = ['plugin::upload.read', 'plugin::upload.assets.create', 'plugin::upload.assets.update'];

const must = <T>({ status, body }: { status: number; body: T }, what: string): T => {
  if (status >= 200 && status < 300) return body;
  throw new Error(`${what} answered ${status}: ${JSON.stringify(body)}`);
};

async function accessToken(url: string, email: string): Promise<string> {
  const response = await fetch(`${url}/admin/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  const { data } = (await response.json()) as { data?: { token?: string; accessToken?: string } };
  const token = data?.accessToken ?? data?.token;
  if (!token) throw new Error(`${email} could not log in`);
  return token;
}

/** Makes a role with the media library and `actions`, and a person who has it, as an administrator does in the panel. */
export async function addPerson(admin: AdminClient & { url: string }, name: string, actions: string[]): Promise<Person> {
  const role = must(
    await admin.api<{ data: { id: number } }>('POST', '/admin/roles', { name, description: `has ${actions.join(', ') || 'nothing of the plugin'}` }),
    'making a role',
  );
  const permissions = [...MEDIA_LIBRARY, ...actions].map((action) => ({ action, subject: null, properties: {}, conditions: [] }));
  must(await admin.api('PUT', `/admin/roles/${role.data.id}/permissions`, { permissions }), 'granting permissions');

  const email = `${name.toLowerCase().replaceAll(/[^a-z]+/g, '-')}@example.com`;
  const invited = must(
    await admin.api<{ data: { registrationToken: string } }>('POST', '/admin/users', { firstname: name, lastname: 'Test', email, roles: [role.data.id] }),
    'inviting a person',
  );
  const { registrationToken } = invited.data;
  const userInfo = { firstname: name, lastname: 'Test', password: PASSWORD };
  must(await admin.api('POST', '/admin/register', { registrationToken, userInfo }), 'accepting the invitation');

  const token = await accessToken(admin.url, email);
  return { ...adminClient(admin.url, () => token), email, password: PASSWORD };
}

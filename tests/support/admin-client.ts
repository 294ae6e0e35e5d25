import type { TestFile } from './images';

/** Strapi's answer for one file of the media library, as far as tests look at it. */
export interface UploadedFile {
  id: number;
  name: string;
  hash: string;
  ext: string;
  mime: string;
  size: number;
  url: string;
  provider: string;
  formats: Record<string, { hash: string; ext: string; url: string; sizeInBytes: number }> | null;
}

export interface ApiAnswer<T> {
  status: number;
  body: T;
  headers: Headers;
  ms: number;
}

export interface AdminClient {
  /** Asks any route as the administrator, and never throws for a status. `path` starts with a slash. */
  api<T = unknown>(method: string, path: string, body?: unknown): Promise<ApiAnswer<T>>;
  /**
   * Uploads as the media library does, and throws unless Strapi answers 2xx. Strapi answers in no particular order; the answer here has
   * the order of `files`.
   */
  upload(files: TestFile | TestFile[]): Promise<UploadedFile[]>;
  /** Replaces the media of a file; its URL stays. */
  replace(id: number, file: TestFile): Promise<UploadedFile>;
  remove(id: number): Promise<void>;
  /** Sends `GET /uploads/...` without a login, as a visitor does. */
  read(url: string, headers?: Record<string, string>): Promise<{ status: number; bytes: Buffer; headers: Headers }>;
}

/** The keys of a file and of all its formats. */
export const keysOf = (file: UploadedFile): string[] => [file, ...Object.values(file.formats ?? {})].map(({ hash, ext }) => hash + ext);

/** The URLs of a file and of all its formats. */
export const urlsOf = (file: UploadedFile): string[] => [file, ...Object.values(file.formats ?? {})].map(({ url }) => url);

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

export function adminClient(base: string, token: () => string): AdminClient {
  const api = async <T>(method: string, path: string, body?: unknown): Promise<ApiAnswer<T>> => {
    const started = performance.now();
    const form = body instanceof FormData;
    const response = await fetch(base + path, {
      method,
      headers: {
        authorization: `Bearer ${token()}`,
        ...(body !== undefined && !form && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : form ? body : JSON.stringify(body),
    });
    const answer = parse(await response.text()) as T;
    return { status: response.status, body: answer, headers: response.headers, ms: performance.now() - started };
  };

  const expectSuccess = <T>({ status, body }: ApiAnswer<T>, what: string): T => {
    if (status >= 200 && status < 300) return body;
    throw new Error(`${what} answered ${status}: ${JSON.stringify(body)}`);
  };

  const blobOf = (file: TestFile) => new Blob([new Uint8Array(file.bytes)], { type: file.type });

  return {
    api,
    async upload(files) {
      const form = new FormData();
      const names = [files].flat().map(({ name }) => name);
      for (const file of [files].flat()) form.append('files', blobOf(file), file.name);
      const uploaded = expectSuccess(await api<UploadedFile[]>('POST', '/upload', form), 'the upload');
      return uploaded.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
    },
    async replace(id, file) {
      const form = new FormData();
      form.append('files', blobOf(file), file.name);
      form.append('fileInfo', JSON.stringify({ name: file.name }));
      const answer = expectSuccess(await api<UploadedFile | UploadedFile[]>('POST', `/upload?id=${id}`, form), 'the replacement');
      const [replaced] = [answer].flat();
      if (!replaced) throw new Error('the replacement answered nothing');
      return replaced;
    },
    async remove(id) {
      expectSuccess(await api('DELETE', `/upload/files/${id}`), 'the removal');
    },
    async read(url, headers) {
      const response = await fetch(base + url, { headers: headers ?? {}, redirect: 'manual' });
      return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()), headers: response.headers };
    },
  };
}

interface Credentials {
  firstname: string;
  lastname: string;
  email: string;
  password: string;
}

/** Registers the first administrator of an app, or logs the same one in again after a restart. @returns an access token */
export async function registerAdmin(base: string, admin: Credentials): Promise<string> {
  const post = async (path: string, body: unknown) => {
    const response = await fetch(base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { data } = (await response.json()) as { data?: { token?: string; accessToken?: string } };
    return data?.accessToken ?? data?.token ?? null;
  };
  const token =
    (await post('/admin/register-admin', admin)) ?? (await post('/admin/login', { email: admin.email, password: admin.password }));
  if (!token) throw new Error('Strapi let no administrator in');
  return token;
}

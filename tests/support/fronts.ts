import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import path from 'node:path';

import { freePort, removeFolder, startProcess, tempFolder, waitUntil, which } from './process';

const PAGE = path.resolve(__dirname, '../../docs/in-front.md');

export const NGINX = which('nginx', ['/usr/sbin', '/usr/local/sbin']);
export const CADDY = which('caddy', ['/usr/local/bin']);

/** A real web server in front of Strapi. */
export interface Front {
  readonly url: string;
  logs(): string;
  /** Stops it, and removes its folder. */
  stop(): Promise<void>;
}

/** Returns the blocks of code of `docs/in-front.md` that stand below a heading and are of a language, in their order. */
export async function documented(heading: string, language: string): Promise<string[]> {
  const section = (await readFile(PAGE, 'utf8')).split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/in-front.md has no heading “${heading}”`);
  return [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, found]) => found === language).map(([, , code = '']) => code);
}

/** Returns the only block of this kind. */
export async function theOnly(heading: string, language: string): Promise<string> {
  const [code, another] = await documented(heading, language);
  if (code === undefined || another !== undefined) throw new Error(`docs/in-front.md has not one ${language} block below “${heading}”`);
  return code;
}

/** Puts a test's own addresses and folders in the place of those of the page. The page must have each of them, or the test would run something else. */
function adapted(code: string, replacements: Record<string, string>): string {
  return Object.entries(replacements).reduce((text, [said, needed]) => {
    if (!text.includes(said)) throw new Error(`the block lacks “${said}”:\n${code}`);
    return text.replaceAll(said, needed);
  }, code);
}

/** Starts nginx with a block of the page. @param code the lines within `http { … }` */
export async function startNginx(code: string, strapi: string): Promise<Front> {
  const folder = await tempFolder('nginx');
  const port = await freePort();
  const cached: Record<string, string> = code.includes('proxy_cache_path') ? { '/var/cache/nginx-uploads': path.join(folder, 'cache') } : {};
  const block = adapted(code, { 'listen 80;': `listen 127.0.0.1:${port};`, 'http://127.0.0.1:1337': strapi, ...cached });
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
  await writeFile(
    path.join(folder, 'nginx.conf'),
    [
      'daemon off;',
      // a master writes its title over the environment, by which scripts/end-run.sh finds what a killed run has left
      'master_process off;',
      `pid ${folder}/nginx.pid;`,
      'events {}',
      `http { access_log off; ${temps.join(' ')}`,
      `${block}}`,
    ].join('\n'),
  );
  return started(port, folder, NGINX!, ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', 'stderr']);
}

/** Starts Caddy with a block of the page. */
export async function startCaddy(code: string, strapi: string): Promise<Front> {
  const folder = await tempFolder('caddy');
  const port = await freePort();
  const block = adapted(code, { 'cms.example.com': `http://127.0.0.1:${port}`, '127.0.0.1:1337': new URL(strapi).host });
  // another Caddy may have the port for commands, and this one needs no certificates
  await writeFile(path.join(folder, 'Caddyfile'), `{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}\n${block}`);
  const home = path.join(folder, 'home');
  await mkdir(home);
  return started(port, folder, CADDY!, ['run', '--adapter', 'caddyfile', '--config', path.join(folder, 'Caddyfile')], { HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home });
}

async function started(port: number, folder: string, program: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Front> {
  const running = startProcess(program, args, { env: { ...process.env, ...env } });
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await running.stop();
    await removeFolder(folder);
  };
  try {
    await waitUntil(`${program} listens`, async () => {
      if (running.exited()) throw new Error(running.logs());
      return ask(`${url}/`).then(() => true);
    }, 15_000);
  } catch (error) {
    const logs = running.logs();
    await stop();
    throw new Error(`${program} did not start:\n${logs}`, { cause: error });
  }
  return { url, logs: () => running.logs(), stop };
}

export interface Asked {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
}

/** Sends one request as it is. `fetch` would ask every cache on the way to stay out as soon as a request has a condition. */
export function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, bytes: Buffer.concat(chunks) }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

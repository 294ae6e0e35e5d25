import { readFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

export interface WebServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** The requests it got, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

type Answer = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

/** Starts a web server such as projects have in front of Strapi. */
export async function startWebServer(answer: Answer): Promise<WebServer> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(req.url ?? '');
    void answer(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** `location /uploads/ { alias …; }`: sends the files of a folder and hands everything else on; with `tryFiles`, missing files too. */
export const servingFolder =
  (folder: string, otherwise: Answer, { tryFiles = false } = {}): Answer =>
  async (req, res) => {
    const { pathname } = new URL(req.url ?? '/', 'http://any');
    if (!pathname.startsWith('/uploads/')) return otherwise(req, res);
    try {
      const bytes = await readFile(path.join(folder, pathname.slice('/uploads/'.length)));
      res.end(bytes);
    } catch {
      if (tryFiles) return otherwise(req, res);
      res.writeHead(404).end('<h1>404 Not Found</h1>');
    }
  };

/** `proxy_pass`: hands every request on to another server. */
export const passingTo =
  (target: () => string): Answer =>
  (req, res) => {
    const passed = request(`${target()}${req.url}`, { method: req.method, headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    passed.on('error', () => res.writeHead(502).end());
    req.pipe(passed);
  };

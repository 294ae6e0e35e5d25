import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CannedAnswer } from './canned-answers';
import { Flip, Limit } from './fault-streams';

export { htmlPage, s3Error } from './canned-answers';

/** A request as rules see it. */
export interface SeenRequest {
  readonly method: string;
  /** The path and the query, as they were sent. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Counts all requests of this proxy, from 1. */
  readonly number: number;
}

/** The things that can happen to a request. Sizes are in bytes and times in milliseconds. */
export type Fault =
  /** The proxy closes the connection when it has read the request, or `afterBytes` bytes of its body. Nothing reaches S3. */
  | { kind: 'reset'; afterBytes?: number }
  /** S3 applies the request; the client sees the connection break instead of the answer. */
  | { kind: 'reset-after' }
  /** The proxy reads the request and never answers it. */
  | { kind: 'blackhole' }
  /** The proxy does not even read the request: a large body stops moving once the buffers are full. */
  | { kind: 'deaf' }
  /** The answer stops after `afterBytes` bytes of its body, and the connection stays open. */
  | { kind: 'stall'; afterBytes: number }
  /** The answer's connection breaks after `afterBytes` bytes of its body. */
  | { kind: 'truncate'; afterBytes: number }
  /** The proxy changes one byte of the body on its way to S3 or back. */
  | { kind: 'corrupt'; what: 'request' | 'answer'; atByte: number }
  /** S3's answer with another value of one header, or without it. */
  | { kind: 'header'; name: string; value?: string }
  /** The proxy gives this answer instead of S3's. With `early` it does so before it has read the request's body. */
  | { kind: 'answer'; answer: CannedAnswer; early?: boolean }
  /** The request goes on to S3 after `ms`. */
  | { kind: 'latency'; ms: number }
  /** The client never gets an answer. S3 gets the request after `ms`, whatever the client does meanwhile. */
  | { kind: 'apply-late'; ms: number };

export interface Rule {
  fault: Fault;
  /** Says to which requests the rule applies. Default: all. */
  when?: (request: SeenRequest) => boolean;
  /** The number of requests that it applies to. Default: all that match. */
  times?: number;
}

export interface FaultProxy {
  readonly endpoint: string;
  readonly port: number;
  /** Adds a rule. The first rule that matches decides. @returns a function that removes the rule */
  on(rule: Rule): () => void;
  /** Tells of every request from now on, before anything happens to it; survives `heal`. @returns a function that ends it */
  watch(seen: (request: SeenRequest) => void): () => void;
  /** Removes all rules. */
  heal(): void;
  /** Stops listening and breaks all connections. Nobody can connect until `accept`. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  /** The requests that have arrived since the last `forget`, in order. */
  readonly seen: readonly SeenRequest[];
  count(method?: string, path?: string | RegExp): number;
  forget(): void;
  /** Resolves when S3 has answered all late requests of `apply-late`. */
  settled(): Promise<void>;
  /** The number of connections that are open now. */
  connections(): number;
  close(): Promise<void>;
}

/**
 * Starts a proxy in front of an S3 endpoint. It breaks what its rules tell it to break. The Host header and the path stay as
 * they are, so that signatures stay valid: clients get the proxy's `endpoint` and sign for that.
 */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port: targetPort } = new URL(target);
  let rules: Rule[] = [];
  let seen: SeenRequest[] = [];
  let number = 0;
  const sockets = new Set<Socket>();
  const watchers = new Set<(request: SeenRequest) => void>();
  const late = new Set<Promise<void>>();

  /** Sends the request on; resolves with S3's answer. */
  function forward(incoming: IncomingMessage, body: NodeJS.ReadableStream): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        { host: hostname, port: targetPort, method: incoming.method, path: incoming.url, headers: incoming.headers, agent: false },
        resolve,
      );
      outgoing.on('error', reject);
      incoming.on('close', () => {
        if (!incoming.complete) outgoing.destroy();
      });
      body.pipe(outgoing);
    });
  }

  async function relay(incoming: IncomingMessage, response: ServerResponse, socket: Socket, fault?: Fault): Promise<void> {
    const flipped = fault?.kind === 'corrupt' && fault.what === 'request';
    const answer = await forward(incoming, flipped ? incoming.pipe(new Flip(fault.atByte)) : incoming);
    if (fault?.kind === 'reset-after') {
      answer.resume();
      socket.destroy();
      return;
    }
    const { [fault?.kind === 'header' ? fault.name : '']: _replaced, ...headers } = answer.headers;
    if (fault?.kind === 'header' && fault.value !== undefined) headers[fault.name] = fault.value;
    response.writeHead(answer.statusCode ?? 502, headers);
    if (fault?.kind === 'stall') answer.pipe(new Limit(fault.afterBytes, () => undefined)).pipe(response);
    else if (fault?.kind === 'truncate') {
      // the delay lets the bytes get through that have passed already
      answer.pipe(new Limit(fault.afterBytes, () => setTimeout(() => socket.destroy(), 20))).pipe(response);
    } else if (fault?.kind === 'corrupt' && fault.what === 'answer') answer.pipe(new Flip(fault.atByte)).pipe(response);
    else answer.pipe(response);
    answer.on('error', () => response.destroy());
    response.on('close', () => answer.destroy());
  }

  async function applyLate(incoming: IncomingMessage, ms: number): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    await sleep(ms);
    await new Promise<void>((resolve, reject) => {
      const { method, url: path, headers } = incoming;
      const outgoing = httpRequest({ host: hostname, port: targetPort, method, path, headers, agent: false }, (answer) => {
        answer.resume().on('end', resolve);
      });
      outgoing.on('error', reject);
      outgoing.end(Buffer.concat(chunks));
    });
  }

  async function respond(incoming: IncomingMessage, response: ServerResponse, socket: Socket, fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'reset': {
        let left = fault.afterBytes ?? Infinity;
        for await (const chunk of incoming) if ((left -= (chunk as Buffer).length) <= 0) break;
        socket.destroy();
        return;
      }
      case 'blackhole':
        incoming.resume();
        return;
      case 'deaf':
        incoming.pause();
        return;
      case 'answer': {
        const { status, headers, body = '' } = fault.answer;
        if (!fault.early) for await (const chunk of incoming) void chunk;
        response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers });
        response.end(incoming.method === 'HEAD' ? undefined : body);
        return;
      }
      case 'latency':
        await sleep(fault.ms);
        return relay(incoming, response, socket);
      case 'apply-late': {
        const work: Promise<void> = applyLate(incoming, fault.ms).finally(() => late.delete(work));
        late.add(work);
        return work;
      }
      default:
        return relay(incoming, response, socket, fault);
    }
  }

  const server = createServer((incoming, response) => {
    const request: SeenRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      number: (number += 1),
    };
    seen.push(request);
    for (const watcher of watchers) watcher(request);
    const rule = rules.find(({ when, times }) => (times ?? 1) > 0 && (when?.(request) ?? true));
    if (rule?.times !== undefined) rule.times -= 1;
    incoming.on('error', () => undefined); // clients that give up are part of the game
    // a request that was read to its end no longer knows its socket
    const { socket } = incoming;
    const work = rule ? respond(incoming, response, socket, rule.fault) : relay(incoming, response, socket);
    work.catch(() => socket.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });

  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening'); // rejects on 'error'
  };
  const refuse = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    on(rule) {
      const own = { ...rule };
      rules.push(own);
      return () => void (rules = rules.filter((other) => other !== own));
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    heal: () => void (rules = []),
    refuse,
    accept: async () => {
      if (!server.listening) await listen(port);
    },
    get seen() {
      return seen;
    },
    count: (method, path) =>
      seen.filter(
        (request) =>
          (method === undefined || request.method === method) &&
          (path === undefined || (typeof path === 'string' ? request.path.includes(path) : path.test(request.path))),
      ).length,
    forget: () => void (seen = []),
    settled: async () => void (await Promise.all(late)),
    connections: () => sockets.size,
    close: async () => {
      if (server.listening) await refuse();
    },
  };
}

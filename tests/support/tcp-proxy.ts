import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy in front of a server of any protocol. */
export interface TcpProxy {
  readonly port: number;
  /** Lets no byte pass from now on and tells nobody, like a network that drops packets. It accepts new connections, and leaves them. */
  silence(): void;
  /** Lets everything flow again, the bytes that it held back first. */
  heal(): void;
  /** Breaks all connections and refuses new ones. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  close(): Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<[Socket, Socket]>();
  let silent = false;

  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('data', (chunk) => to.write(chunk));
      from.on('error', end);
      from.on('close', end);
      if (silent) from.pause();
    }
  });
  const breakAll = () => {
    for (const [near, far] of pairs) {
      near.destroy();
      far.destroy();
    }
  };
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const stop = () => {
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
    breakAll();
    return stopped;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    port,
    silence() {
      silent = true;
      for (const sockets of pairs) for (const socket of sockets) socket.pause();
    },
    heal() {
      silent = false;
      for (const sockets of pairs) for (const socket of sockets) socket.resume();
    },
    refuse: stop,
    accept: () => listen(port),
    close: async () => {
      if (server.listening) await stop();
    },
  };
}

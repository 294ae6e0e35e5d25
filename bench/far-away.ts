import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/**
 * A way to a server on which everything takes `latencyMs` there and back, as to a data centre: without, all that is measured on one
 * machine is how much each program computes. Bandwidth is not bounded.
 */
export async function farAway(endpoint: string, latencyMs: number): Promise<{ endpoint: string; close(): Promise<void> }> {
  const { hostname, port, protocol } = new URL(endpoint);
  const sockets = new Set<Socket>();
  const relay = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [[near, far], [far, near]] as const) {
      sockets.add(from.setNoDelay(true));
      from.on('data', (chunk: Buffer) => void setTimeout(() => to.writable && to.write(chunk), latencyMs / 2));
      from.on('end', () => void setTimeout(() => to.end(), latencyMs / 2));
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from));
    }
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return { endpoint: `${protocol}//127.0.0.1:${portOf(relay)}`, close: () => closed(relay, sockets) };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay listens on no port');
  return address.port;
}

async function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
}

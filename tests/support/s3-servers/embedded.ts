import path from 'node:path';

import { freePort, removeFolder, startProcess, tempFolder, waitUntil, type RunningProcess } from '../process';
import type { StartedServer } from './server';

/** `@20minutes/s3rver` is there on every machine. It checks the id of a key, but neither its secret nor any signature. */
export async function startEmbedded(): Promise<StartedServer> {
  const folder = await tempFolder('s3rver');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  let running: RunningProcess | null = null;

  const resume = async () => {
    const started = startProcess(process.execPath, [path.join(__dirname, 'embedded-child.cjs'), folder, String(port)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    running = started;
    await waitUntil(`the embedded S3 server on port ${port}`, async () => {
      if (started.exited()) throw new Error(started.logs());
      return (await fetch(endpoint)).status > 0;
    });
  };
  const halt = async () => {
    await running?.stop('SIGKILL');
    running = null;
  };

  await resume();
  return {
    kind: 'embedded',
    label: 'embedded (s3rver)',
    endpoint,
    region: 'us-east-1',
    // s3rver knows this account only.
    accessKeyId: 'S3RVER',
    // the server's own secret is the same as the key ID, but a test must tell a secret that leaks from an ID that is shown
    secretAccessKey: 'embedded-secret-access-key',
    halt,
    resume,
    async stop() {
      await halt();
      await removeFolder(folder);
    },
  };
}

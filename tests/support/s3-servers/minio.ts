import { MinioContainer } from '@testcontainers/minio';
import { getContainerRuntimeClient } from 'testcontainers';

import { freePort, removeFolder, startProcess, tempFolder, waitUntil, which, type RunningProcess } from '../process';
import { S3Unavailable, type StartedServer } from './server';

/** The one place that names the image. `scripts/docker-minio.sh` builds it where none can be pulled. */
export const MINIO_IMAGE = 'minio/minio:RELEASE.2025-09-07T16-13-09Z';

const ACCOUNT = { region: 'us-east-1', accessKeyId: 'testaccesskey', secretAccessKey: 'testsecretkey0123456789' };

const dockerRuns = async (): Promise<boolean> => {
  try {
    await getContainerRuntimeClient();
    return true;
  } catch {
    return false;
  }
};

async function startContainer(): Promise<StartedServer> {
  // We choose the port, because Docker gives another one to a container that restarts.
  const port = await freePort();
  const container = await new MinioContainer(MINIO_IMAGE)
    .withUsername(ACCOUNT.accessKeyId)
    .withPassword(ACCOUNT.secretAccessKey)
    .withExposedPorts({ container: 9000, host: port })
    .start();
  const client = await getContainerRuntimeClient();
  const docker = client.container.getById(container.getId());
  return {
    kind: 'minio',
    label: `MinIO in testcontainers (${MINIO_IMAGE})`,
    endpoint: `http://${container.getHost()}:${port}`,
    ...ACCOUNT,
    // `container.stop()` does not serve here: testcontainers takes that for the container's end.
    halt: () => client.container.stop(docker, { timeout: 0 }),
    resume: () => container.restart(),
    async stop() {
      await container.stop();
    },
  };
}

async function startBinary(binary: string): Promise<StartedServer> {
  const folder = await tempFolder('minio');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  let running: RunningProcess | null = null;

  const resume = async () => {
    const started = startProcess(binary, ['server', folder, '--address', `127.0.0.1:${port}`, '--quiet'], {
      env: { ...process.env, MINIO_ROOT_USER: ACCOUNT.accessKeyId, MINIO_ROOT_PASSWORD: ACCOUNT.secretAccessKey, MINIO_BROWSER: 'off' },
    });
    running = started;
    await waitUntil('MinIO', async () => {
      if (started.exited()) throw new Error(started.logs());
      return (await fetch(`${endpoint}/minio/health/live`)).ok;
    });
  };
  const halt = async () => {
    await running?.stop('SIGKILL');
    running = null;
  };

  await resume();
  return {
    kind: 'minio',
    label: `MinIO (${binary})`,
    endpoint,
    ...ACCOUNT,
    halt,
    resume,
    async stop() {
      await halt();
      await removeFolder(folder);
    },
  };
}

/** @param say hears of it when Docker runs and the image does not; then a binary on the PATH takes its place */
export async function startMinio(say: (line: string) => void): Promise<StartedServer> {
  const binary = which('minio');
  if (await dockerRuns()) {
    try {
      return await startContainer();
    } catch (error) {
      const reason = (error as Error).message.split('\n')[0];
      const why = `Docker runs, but ${MINIO_IMAGE} did not start: ${reason}. Pull it, or build it with scripts/docker-minio.sh`;
      if (!binary) throw new S3Unavailable(why, { cause: error });
      say(why);
    }
  }
  if (binary) return startBinary(binary);
  throw new S3Unavailable('MinIO needs Docker (scripts/docker-minio.sh start DIR brings an engine and the image) or a `minio` on the PATH');
}

import path from 'node:path';

import { freePorts, removeFolder, run, tempFolder, which } from '../process';
import { S3Unavailable, type StartedServer } from './server';

const SCRIPT = path.resolve(__dirname, '../../../scripts/rgw.sh');
/** The number of ports for gateway, monitor and disk: see the script. */
const PORTS = 64;
const PROGRAMS = ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph'];

/** Ceph's gateway on a throw-away cluster of one monitor and one disk in memory. */
export async function startRgw(): Promise<StartedServer> {
  const missing = PROGRAMS.filter((program) => !which(program));
  if (missing.length > 0) {
    throw new S3Unavailable(`Ceph RGW: ${missing.join(', ')} missing; apt-get install radosgw ceph-mon ceph-osd ceph-common`);
  }
  const account = { accessKeyId: 'testaccesskey', secretAccessKey: 'testsecretkey0123456789' };
  const folder = await tempFolder('rgw');
  const port = await freePorts(PORTS);
  const script = async (action: string): Promise<void> => {
    await run('bash', [SCRIPT, action, folder, String(port)], {
      env: { ...process.env, RGW_ACCESS_KEY: account.accessKeyId, RGW_SECRET_KEY: account.secretAccessKey },
      timeoutMs: 90_000,
    });
  };

  const stop = async () => {
    await script('stop');
    await removeFolder(folder);
  };
  try {
    await script('start');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kind: 'rgw',
    label: 'Ceph RGW',
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    ...account,
    halt: () => script('halt'),
    resume: () => script('resume'),
    stop,
  };
}
